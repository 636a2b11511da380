using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>GET <c>/cdn-cgi/access/refresh-identity</c> on the team domain: asks the login method anew who somebody is, whose groups may have changed (contract 1.1).</summary>
internal sealed class RefreshIdentityEndpoint(ISnapshot<AccessTable> tables, OrgSessions orgSessions, ProviderRedirect provider)
{
    private const string Path = "/cdn-cgi/access/refresh-identity";

    /// <summary>Where it ends.</summary>
    public static string DoneUrl(PublicUrls urls) => urls.Access + Path + "?success=true&on_success=callback";

    /// <summary>Where it begins.</summary>
    public static string BeginUrl(PublicUrls urls) => urls.Access + Path;

    /// <summary>Answers the request.</summary>
    public async Task<IResult> HandleAsync(HttpContext context)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (await orgSessions.FindAsync(context, table) is not { } session)
        {
            return Results.Redirect("/");
        }

        if (context.Request.Query["success"] is ["true"])
        {
            return Page.Message(
                StatusCodes.Status200OK, "Your identity is up to date", "Applications see what your login method says of you now.", [new("Signed in as", session.Email)], ("/", "Your applications"), table.Organization.Name);
        }

        return table.LoginMethods.FirstOrDefault(m => m.Method.Id == session.LoginMethodId) switch
        {
            null => SignInPages.BadLink(table),
            { Method.Type: LoginMethodTypes.OneTimePin } => Page.Message(
                StatusCodes.Status400BadRequest, "There is nothing to ask anew", "You signed in by a code, which says no more than your address.", brand: table.Organization.Name),
            var method => provider.SendRefresh(context, table, method, session.Email),
        };
    }
}
