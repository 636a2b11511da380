using System.Security.Cryptography;
using System.Text;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn;

/// <summary>
/// POST <c>/cdn-cgi/access/backchannel-logout/{login method}</c> on the team domain: a login method's provider says that somebody signed out
/// there (OpenID Connect Back-Channel Logout §2.5). Their sessions here end on every node.
/// </summary>
internal sealed partial class BackchannelLogoutEndpoint(
    ISnapshot<AccessTable> tables, LogoutTokenVerifier tokens, IAccessSessions sessions, ILogger<BackchannelLogoutEndpoint> logger)
{
    /// <summary>200 when the sessions have ended, 400 when the token is not right; nothing in the answer tells which.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, string id)
    {
        SecurityHeaders.NoStore(context.Response);
        if (!Guid.TryParse(id, out var methodId) || tables.Current.LoginMethods.FirstOrDefault(m => m.Method.Id == methodId) is not { } method)
        {
            return Results.NotFound();
        }

        var form = await PostedForm.ReadAsync(context.Request, context.RequestAborted);
        if (form?["logout_token"] is not [{ Length: > 0 } token])
        {
            return Refuse(context, method, "no form with one logout_token");
        }

        var (verified, fault) = await tokens.VerifyAsync(method, token, context.RequestAborted);
        if (verified is null)
        {
            return Refuse(context, method, fault);
        }

        // Last of all: only what is right is remembered, and only when what it says was done. Otherwise the provider sends it again.
        if (await sessions.RevokeOnceAsync(verified.Logout, BurntName(methodId, verified.TokenId), verified.RememberUntil, context.RequestAborted) is not { } ended)
        {
            return Refuse(context, method, "the token was used already");
        }

        LogEnded(method.Method.Name, ended);
        return Results.Ok();
    }

    // Ids of several login methods, and one-use codes of our own, share a table.
    private static string BurntName(Guid methodId, string tokenId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"logout token\n{methodId:D}\n{tokenId}")));

    private IResult Refuse(HttpContext context, LoginMethodEntry method, string reason)
    {
        LogRefused(method.Method.Name, ClientAddress.Of(context).ToString(), reason);
        return Results.Text("""{"error":"invalid_request"}""", "application/json", Encoding.UTF8, StatusCodes.Status400BadRequest);
    }

    [LoggerMessage(EventId = 3210, Level = LogLevel.Information, Message = "{LoginMethod} ended a session of its own; {Count} sessions ended here")]
    private partial void LogEnded(string loginMethod, int count);

    [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "A logout token for {LoginMethod} from {Address} was refused: {Reason}")]
    private partial void LogRefused(string loginMethod, string address, string reason);
}
