using Gatehouse.Access.Agents;
using Gatehouse.Access.Certs;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Every <c>/cdn-cgi/*</c> path, and what the login redirect advertises, on an app host. None of them reaches the origin.</summary>
internal sealed class AppHostEndpoints(AuthorizedEndpoint authorized, IdentityEndpoint identity, LogoutEndpoint logout, LoginRedirect login, CertsEndpoint certs, ProtectedResource resource,
    AgentAuthorization agents, CommandLineLogin commandLine, EagerRounds rounds, PublicUrls urls)
{
    /// <summary>Answers the request; 404 for a path that is not one of ours.</summary>
    public async Task HandleAsync(HttpContext context, AccessTable table, string host, RequestPath path)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        var result = path.Plain switch
        {
            "/cdn-cgi/access/authorized" => await authorized.HandleAsync(context, table, host),
            "/cdn-cgi/access/get-identity" => await identity.HandleAsync(context, table, host),
            "/cdn-cgi/access/logout" => await logout.HandleAsync(context, table, host),
            "/cdn-cgi/access/certs" => certs.Handle(context, table),
            OrganizationLook.StylePath => OrganizationLook.Style(context, table),
            "/cdn-cgi/access/login" => Login(context, table, host),
            "/cdn-cgi/access/cli" => commandLine.Begin(context, table, host),
            AgentAuthorization.ReturnPath => agents.Return(context, table, host),
            AgentAnswers.ServerPath => AgentAnswers.Server(urls),
            _ when path.MayBeUnder(AgentAnswers.ResourcePath) => resource.Handle(context, table, host, AgentAnswers.ResourcePath),
            _ when path.MayBeUnder(ProtectedResource.Path) => resource.Handle(context, table, host, ProtectedResource.Path),
            _ => SignInPages.NotFound(table),
        };
        if (result is not null)
        {
            await result.ExecuteAsync(context);
        }
    }

    // Null when the redirect has been written.
    private IResult? Login(HttpContext context, AccessTable table, string host)
    {
        var returnTo = context.Request.Query["redirect_url"] switch { [] => "/", [{ } one] => one, _ => null };
        if (!ReturnPath.IsSafe(returnTo) || !RequestPath.TryParse(returnTo, out var path, out _))
        {
            return SignInPages.BadLink(table);
        }

        var app = ReturnPath.IsToQuestion(returnTo) ? agents.AppOfReturn(returnTo, table, host) : table.Apps.Find(host, path, out var found) == AppMatch.One ? found : null;
        if (app is null)
        {
            return SignInPages.NoApp(table);
        }

        login.Write(context, table, app, host, returnTo, context.Request.Query[LoginRedirect.SwitchParameter] is ["1"], rounds.Of(context.Request, app) is null ? null : context.Request.Query[EagerRounds.Parameter].ToString());
        return null;
    }
}
