using System.Text.Json.Nodes;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// Tells command-line clients which application covers an address, and where its people sign in: the answer to a HEAD with
/// <c>Cf-Access-Metadata-Request: true</c> (contract 1.13). It says no more than the redirect to the login page does.
/// </summary>
internal sealed class AppDescription(PublicUrls urls, TokenIssuer issuer)
{
    private const string Question = "Cf-Access-Metadata-Request";
    private const string Answer = "Cf-Access-Metadata";

    // As old as clients take one.
    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>Whether a request asks that.</summary>
    public static bool IsAskedFor(HttpRequest request) => HttpMethods.IsHead(request.Method) && request.Headers[Question] is ["true"];

    /// <summary>Answers it; nothing of the request reaches the origin.</summary>
    public void Write(HttpContext context, AccessTable table, AppEntry app, string host)
    {
        SecurityHeaders.NoStore(context.Response);
        context.Response.Headers[Answer] = issuer.IssueStatement(table, new JsonObject
        {
            ["type"] = "match",
            ["hostname"] = host,
            ["auth_domain"] = new Uri(urls.Access).Authority,
            ["aud"] = app.App.Aud,
            ["app_hostname"] = AppHosts.NameOf(app, host),
        }, Life);
    }
}
