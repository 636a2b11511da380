using System.Diagnostics;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Tunnels;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>POST /tunnel: what <c>--url</c> of a connector asks for (tunnel contract §5.2). For administrators' tokens; for everybody only when the operator opened it.</summary>
internal sealed class QuickTunnels(QuickTunnel quick, QuickTunnelLimit limit, FindCaller callers, QuickTunnelSettings settings)
{
    private const string SecFetchSite = "Sec-Fetch-Site";

    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/tunnel", (RequestDelegate)(context => context.RequestServices.GetRequiredService<QuickTunnels>().AnswerAsync(context)));

    private async Task AnswerAsync(HttpContext context)
    {
        var answer = await FaultOfAsync(context) ?? await MakeAsync(context.RequestAborted);
        await answer.ExecuteAsync(context);
    }

    private async Task<IResult?> FaultOfAsync(HttpContext context)
    {
        if (BearerToken.Of(context.Request) is BearerToken.Present token && await callers.RunAsync(token.Key, context.RequestAborted) is { IsSuperuser: true })
        {
            return null; // no page can send this for somebody else
        }

        return !settings.IsOpen ? Envelope.Failed(403, 10000, "Quick tunnels need an administrator's API token here")
            : IsOfAPage(context.Request) ? Envelope.Failed(403, 10000, "Quick tunnels are for connectors, not for pages of other sites")
            : !limit.TryTake(ClientAddress.Of(context)) ? Envelope.Failed(429, 10429, "Too many quick tunnels from this address; try again in ten minutes")
            : null;
    }

    // A browser sends a simple POST for any page, without asking.
    private static bool IsOfAPage(HttpRequest request) =>
        request.Headers.Origin.Count > 0 || (request.Headers.TryGetValue(SecFetchSite, out var site) && site is not ["same-origin" or "none"]);

    private async Task<IResult> MakeAsync(CancellationToken cancellationToken) => await quick.CreateAsync(cancellationToken) switch
    {
        QuickTunnelResult.Made made => Envelope.Ok(new JsonObject
        {
            ["id"] = made.Tunnel.Id.ToString(),
            ["name"] = made.Tunnel.Name,
            ["hostname"] = made.Url.Authority, // with the port, if it is not 443: stock connectors show "https://" and this
            ["url"] = made.Url.GetLeftPart(UriPartial.Authority),
            ["account_tag"] = made.Credentials.AccountTag,
            ["secret"] = Convert.ToBase64String(made.Credentials.Secret),
        }),
        QuickTunnelResult.Full => Envelope.Failed(429, 10429, $"There are {QuickTunnel.Most} quick tunnels already, which is as many as there may be; try again later"),
        QuickTunnelResult.Busy => Envelope.Failed(409, 12132, Envelope.Conflict + "somebody else is changing the same; try again"),
        _ => throw new UnreachableException(),
    };
}
