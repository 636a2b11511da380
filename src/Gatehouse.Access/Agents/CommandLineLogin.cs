using System.Buffers.Text;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Agents;

/// <summary>GET <c>/cdn-cgi/access/cli</c> on an app host: <c>gatehouse access login</c> asks for a token of the app in somebody's name. The answer goes to a port of their own machine, or over their clipboard.</summary>
internal sealed class CommandLineLogin(AgentAuthorization agents, TimeProvider clock)
{
    private static readonly AgentRules OwnMachine = new();

    /// <summary>302 to the question on the team domain.</summary>
    public IResult Begin(HttpContext context, AccessTable table, string host)
    {
        SecurityHeaders.NoStore(context.Response);
        var query = context.Request.Query;
        if (query.ContainsKey("token"))
        {
            return Page.Message(
                StatusCodes.Status400BadRequest,
                "cloudflared can't be handed a token here",
                "It fetches what you grant from a server of Cloudflare's that Gatehouse is not. Use gatehouse access login, or a service token.",
                brand: table.Organization.Name);
        }

        var target = query["redirect_url"] is [{ } wanted] ? wanted : "/";
        if (query["code_challenge"] is not [{ Length: 43 } challenge] || !Base64Url.IsValid(challenge) || query["redirect_uri"] is not ([] or [_]) || query["state"] is not ([] or [{ Length: <= 200 }])
            || !ReturnPath.IsSafe(target) || !RequestPath.TryParse(target, out var path, out _))
        {
            return SignInPages.BadLink(table);
        }

        var redirect = query["redirect_uri"].ToString();
        if (redirect.Length > 0 && (!AgentRedirects.Takes(OwnMachine, redirect) || !redirect.StartsWith("http://", StringComparison.Ordinal)))
        {
            return SignInPages.BadLink(table);
        }

        if (table.Apps.Find(host, path, out var app) != AppMatch.One || app is null)
        {
            return SignInPages.NoApp(table);
        }

        return app.App.BindingCookie
            ? Page.Message(StatusCodes.Status403Forbidden, "Not for programs", $"{app.App.Name} binds its tokens to a browser. Use a service token.", brand: table.Organization.Name)
            : agents.Ask(new AgentRequest
            {
                Aud = app.App.Aud,
                Host = host,
                ClientName = "gatehouse access",
                ClientHash = "",
                RedirectUri = redirect,
                State = query["state"] is [{ Length: > 0 } state] ? state : null,
                Challenge = challenge,
                ExpiresAt = clock.GetUtcNow() + AgentRequest.Life,
            });
    }
}
