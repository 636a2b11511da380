using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Tunnels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>POST /tunnel: what <c>--url</c> of a connector asks for (tunnel contract §5.2). For administrators' tokens; for everybody only when the operator opened it.</summary>
internal sealed class QuickTunnels(QuickTunnel quick, FindCaller callers, QuickTunnelSettings settings)
{
    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/tunnel", (RequestDelegate)(context => context.RequestServices.GetRequiredService<QuickTunnels>().AnswerAsync(context)));

    private async Task AnswerAsync(HttpContext context)
    {
        var mayMake = settings.IsOpen
            || (BearerToken.Of(context.Request) is BearerToken.Present token && await callers.RunAsync(token.Key, context.RequestAborted) is { IsSuperuser: true });
        var answer = !mayMake ? Envelope.Failed(403, 10000, "Quick tunnels need an administrator's API token here")
            : await quick.CreateAsync(context.RequestAborted) is var made && made is var (tunnel, hostname, credentials)
            ? Envelope.Ok(new JsonObject
            {
                ["id"] = tunnel.Id.ToString(),
                ["name"] = tunnel.Name,
                ["hostname"] = hostname,
                ["account_tag"] = credentials.AccountTag,
                ["secret"] = Convert.ToBase64String(credentials.Secret),
            })
            : Envelope.Failed(409, 12132, Envelope.Conflict + "somebody else is changing the same; try again");
        await answer.ExecuteAsync(context);
    }
}
