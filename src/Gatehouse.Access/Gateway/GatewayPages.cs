using Gatehouse.Model.Tunnels;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>The pages the gateway shows in place of an origin's answer. Each names its ray.</summary>
internal static class GatewayPages
{
    /// <summary>No such name here.</summary>
    public static Task NotPublishedAsync(HttpContext context, string host) => SayAsync(
        context, StatusCodes.Status404NotFound, "Nothing is published here", $"Nothing is published under this name: {host}. Check the address, or ask whoever gave it to you.");

    /// <summary>Published, but no app says who may come.</summary>
    public static Task NotCoveredAsync(HttpContext context, string host) => SayAsync(
        context, StatusCodes.Status403Forbidden, "No application covers this address",
        $"{host} is published, but no Access application covers this address, so nobody is let through. An administrator can add one.");

    /// <summary>The path reads two ways.</summary>
    public static Task AmbiguousAsync(HttpContext context) => SayAsync(
        context, StatusCodes.Status400BadRequest, "This address can be read in two ways",
        "The path of this address means different things to different servers, so it was not passed on. Use the plain form of it.");

    /// <summary>The origin did not answer. Where it is stands in the log, under the ray: not everybody who sees this page may know.</summary>
    public static Task OriginFailedAsync(HttpContext context, OriginFailure failure) => failure.Status == StatusCodes.Status400BadRequest
        ? SayAsync(context, failure.Status, "This can't be asked here", $"The service {failure.What}.")
        : SayAsync(
            context, failure.Status, failure.Status == StatusCodes.Status504GatewayTimeout ? "The service took too long" : "The service can't be reached",
            $"Your request reached the gateway, but the service behind it {failure.What}. This is not about your sign-in. Try again, or tell whoever runs the service.",
            [new("Your browser to the gateway", "fine"), .. failure.Hop is { } hop ? Hops(hop, failure.What) : [new("The gateway to the service", $"the service {failure.What}")]]);

    // The hops before the one that failed are fine; those after it were not tried.
    private static List<KeyValuePair<string, string>> Hops(TunnelHop failed, string what)
    {
        (TunnelHop Hop, string Name)[] all =
        [
            (TunnelHop.Edge, "The gateway to the tunnel's edge"), (TunnelHop.Connector, "The edge to a connector"), (TunnelHop.Dns, "The connector: name of the service"),
            (TunnelHop.Tcp, "The connector to the service: TCP"), (TunnelHop.Tls, "The connector to the service: TLS"), (TunnelHop.Http, "The connector to the service: HTTP"),
        ];
        var facts = new List<KeyValuePair<string, string>>();
        foreach (var (hop, name) in all)
        {
            if (failed == TunnelHop.Origin && hop == TunnelHop.Dns)
            {
                facts.Add(new("The connector to the service", what)); // this connector does not say more
                break;
            }

            facts.Add(new(name, hop == failed ? what : "fine"));
            if (hop == failed)
            {
                break;
            }
        }

        return facts;
    }

    /// <summary>The gateway went round in a circle.</summary>
    public static Task LoopAsync(HttpContext context) => SayAsync(
        context, StatusCodes.Status508LoopDetected, "This address leads back to itself",
        "The service behind this name is, in the end, this gateway again. An administrator has to correct the service's address.");

    /// <summary>The store has been away for too long to go on trusting what is in memory.</summary>
    public static Task UnavailableAsync(HttpContext context) => SayAsync(
        context, StatusCodes.Status503ServiceUnavailable, "Access can't be decided right now",
        "The gateway can't check who may come in at the moment, so it lets nobody through. Try again in a minute.");

    /// <summary>The request's body broke off or was not what its headers said.</summary>
    public static Task BadBodyAsync(HttpContext context, int status) =>
        ShortAsync(context, status is >= 400 and < 500 ? status : StatusCodes.Status400BadRequest, "The request's body could not be read.");

    /// <summary>An answer for programs rather than people.</summary>
    public static Task ShortAsync(HttpContext context, int status, string text)
    {
        RayId.Of(context);
        SecurityHeaders.NoStore(context.Response);
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }

    private static Task SayAsync(HttpContext context, int status, string title, string text, params KeyValuePair<string, string>[] facts) =>
        Page.Message(status, title, text, [.. facts, new("Ray ID", RayId.Of(context))]).ExecuteAsync(context);
}
