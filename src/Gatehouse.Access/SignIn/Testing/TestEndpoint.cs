using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Testing;

/// <summary><c>/cdn-cgi/access/test-idp/{id}</c>: tries a login method and shows each hop. Needs an administrator's one-use ticket, since claims are shown; gives no session.</summary>
internal sealed class TestEndpoint(
    ISnapshot<AccessTable> tables, ISecretBox box, IAccessSessions sessions, ProviderRedirect provider, SamlRequests saml, DiscoveryCheck discovery, IMailSender mail, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Shows what can be seen before anybody signs in; with <c>go=1</c> the ticket is used up, and the round trip begins.</summary>
    public async Task<IResult> ShowAsync(HttpContext context, string id)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        if (context.Request.Query["ticket"] is not [{ } text] || TestTicket.Open(box, text, clock.GetUtcNow()) is not { } ticket || ticket.LoginMethodId.ToString() != id
            || table.LoginMethods.FirstOrDefault(m => m.Method.Id == ticket.LoginMethodId) is not { } method)
        {
            return Gone(table);
        }

        if (method.Method.Type == LoginMethodTypes.OneTimePin)
        {
            return Report(table, method.Method.Name, mail.IsSetUp ? "Codes can be sent" : "No code can be sent", "This login method asks no provider.", [new("Mail", mail.IsSetUp ? "Is set up." : "Is not set up: set GATEHOUSE_SMTP_HOST.")]);
        }

        if (context.Request.Query["go"] is ["1"])
        {
            return await sessions.TryBurnAsync(ticket.Id, ticket.ExpiresAt, context.RequestAborted) ? provider.SendTest(context, table, method) : Gone(table);
        }

        return Report(
            table,
            $"Test of {method.Method.Name}",
            "Sign in as anybody: no policy is judged, and no session begins. If the provider shows an error instead of coming back, compare the redirect URI and the client id with its settings.",
            method.Saml is not null ? saml.Describe(method) :
            [
                new("Discovery", await discovery.RunAsync(method.Method, context.RequestAborted)),
                new("Authorize", $"{method.Method.AuthUrl} will be asked for client '{method.Method.ClientId}', scopes '{string.Join(' ', method.Method.Scopes)}', PKCE {(method.Method.PkceEnabled ? "on" : "off")}."),
                new("Redirect URI", urls.AccessCallback),
            ],
            ($"/cdn-cgi/access/test-idp/{id}?ticket={text}&go=1", "Sign in"));
    }

    /// <summary>The end of the round trip.</summary>
    public static IResult Finish(AccessTable table, LoginMethodEntry method, SignInTrace trace, Outcome<IdentityFacts> outcome)
    {
        if (outcome.Failure is { } failure)
        {
            return Report(
                table, method.Method.Name, $"{method.Method.Name} does not work yet", $"{failure.Title}. {failure.Text}",
                [.. trace.Hops, new(failure.Step, $"Failed here ({failure.Code}): {failure.Reason}.")]);
        }

        var facts = outcome.Value!; // the other half
        return Report(
            table,
            method.Method.Name,
            "Your connection works!",
            "This is what rules can look at.",
            [
                .. trace.Hops,
                new("email", facts.Email),
                new("name", facts.Name),
                new("groups", facts.GroupsJson),
                new("amr", string.Join(", ", facts.Amr)),
                .. facts.Claims.Where(c => c.Key is not ("email" or "groups")).Select(c => KeyValuePair.Create((method.Saml is null ? "Claim " : "Attribute ") + c.Key, string.Join(", ", c.Value))),
            ]);
    }

    private static IResult Report(AccessTable table, string title, string text, IReadOnlyList<KeyValuePair<string, string>> hops, (string Href, string Text)? action = null) =>
        Page.Message(StatusCodes.Status200OK, title, text, hops, action, table.Organization.Name);

    private static IResult Report(AccessTable table, string method, string title, string text, IReadOnlyList<KeyValuePair<string, string>> hops) =>
        Report(table, title, text, [new("Login method", method), .. hops]);

    private static IResult Gone(AccessTable table) => Page.Message(
        StatusCodes.Status404NotFound,
        "This test link is over",
        "It works once, for ten minutes. An administrator gets a new one with POST .../access/identity_providers/{id}/test.",
        brand: table.Organization.Name);
}
