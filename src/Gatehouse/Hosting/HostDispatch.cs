using Gatehouse.Model.Hosts;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;

namespace Gatehouse.Hosting;

/// <summary>Where a request goes, by its host.</summary>
internal sealed class HostBranches
{
    /// <summary>Identity.</summary>
    public required RequestDelegate Identity { get; init; }

    /// <summary>The team domain of Access.</summary>
    public required RequestDelegate Access { get; init; }

    /// <summary>The Cloudflare-compatible API.</summary>
    public required RequestDelegate Api { get; init; }

    /// <summary>Every other name. Not behind endpoint routing: it is the path every admitted request takes.</summary>
    public required RequestDelegate Gateway { get; init; }
}

/// <summary>Hands each request to the part of Gatehouse that answers for its host.</summary>
internal sealed class HostDispatch(PublicUrls urls, HostBranches branches)
{
    // A year (RFC 6797 §6.1.1). Not under localhost: it would bind every other port of that name to https, for programs that are not ours.
    private readonly string? strictTransport = urls.Domain == "localhost" ? null : "max-age=31536000";

    /// <summary>Answers the request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (strictTransport is not null)
        {
            // Last of all: the gateway drops the origin's own word on it, and clears half-made answers.
            context.Response.OnStarting(SetStrictTransport, context.Response);
        }

        var host = RequestHost.Of(context.Request);
        if (host is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        if (host == urls.IdentityHost)
        {
            return branches.Identity(context);
        }

        if (host == urls.AccessHost)
        {
            return branches.Access(context);
        }

        if (host == urls.ApiHost)
        {
            return branches.Api(context);
        }

        return host == urls.DashHost ? AnswerDash(context) : branches.Gateway(context);
    }

    private Task SetStrictTransport(object response)
    {
        ((HttpResponse)response).Headers.StrictTransportSecurity = strictTransport;
        return Task.CompletedTask;
    }

    private Task AnswerDash(HttpContext context) =>
        Page.Message(
            StatusCodes.Status404NotFound,
            "The console is not part of this version",
            "Apps, policies and users are administered through the two APIs, whose shapes are Cloudflare's v4 and authentik's v3.",
            [new("Cloudflare-compatible API", urls.Api + "/client/v4"), new("authentik-compatible API", urls.Identity + "/api/v3")])
            .ExecuteAsync(context);
}
