using Gatehouse.Access.Saas;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>What a request for the login page asks for. A closed set.</summary>
internal abstract record LoginTarget
{
    private LoginTarget()
    {
    }

    /// <summary>To sign in for <paramref name="App"/>, in the browser whose CF_AppSession has this hash, and which showed a client certificate of this name.</summary>
    public sealed record Found(AppEntry App, string Host, string ReturnTo, string AppSessionHash, string? CommonName) : LoginTarget;

    /// <summary>To sign in, but without a hand-off that still holds: the app host makes a new one.</summary>
    public sealed record Restart(AppEntry App, string Host, string ReturnTo) : LoginTarget;

    /// <summary>For an app that does not exist or does not cover the host.</summary>
    public sealed record Unknown : LoginTarget;

    /// <summary>Something that was changed on the way.</summary>
    public sealed record Refused(string Reason) : LoginTarget;
}

/// <summary>Reads the hand-off from an app host: <c>kid</c>, <c>redirect_url</c> and the signed <c>meta</c> that binds them.</summary>
internal sealed class LoginTargets(TokenVerifier verifier, PublicUrls urls, TimeProvider clock)
{
    /// <summary>What the request asks for, on behalf of <paramref name="segment"/> of its path.</summary>
    public async ValueTask<LoginTarget> ReadAsync(HttpRequest request, AccessTable table, string segment)
    {
        var host = HostOf(segment);
        var returnTo = request.Query["redirect_url"] switch { [] => "/", [{ } one] => one, _ => null };
        if (request.Query["kid"] is not [{ } kid] || host is null || !table.AppsByAud.TryGetValue(kid, out var app) || !SsoPaths.IsEntrance(table, urls, app, host, returnTo ?? ""))
        {
            return new LoginTarget.Unknown();
        }

        // It goes back to a question of the application's on this very host, which is checked there; so nothing has to vouch for it.
        if (app.App.Saas is not null)
        {
            return new LoginTarget.Found(app, host, returnTo ?? "", "", null);
        }

        if (!ReturnPath.IsSafe(returnTo))
        {
            return new LoginTarget.Refused("redirect_url is not a path on the app's host");
        }

        return request.Query["meta"] switch
        {
            [] => new LoginTarget.Restart(app, host, returnTo),
            [{ } meta] => await ReadMetaAsync(table, meta, app, host, returnTo),
            _ => new LoginTarget.Refused("meta was sent more than once"),
        };
    }

    private async ValueTask<LoginTarget> ReadMetaAsync(AccessTable table, string meta, AppEntry app, string host, string returnTo)
    {
        if (await verifier.ReadStatementAsync(meta, table) is not { } jwt)
        {
            return new LoginTarget.Refused("meta is not signed by this Access");
        }

        if (ClaimText.Of(jwt, "type") != "meta" || ClaimText.Of(jwt, "aud") != app.App.Aud || ClaimText.Of(jwt, "hostname") != host
            || ClaimText.Of(jwt, LoginRedirect.RedirectHashClaim) != AccessCookies.HashOf(returnTo) || ClaimText.Of(jwt, "app_session_hash") is not { Length: 64 } appSession)
        {
            return new LoginTarget.Refused("meta is about another app, host or redirect_url");
        }

        return jwt.ValidTo > clock.GetUtcNow().UtcDateTime
            ? new LoginTarget.Found(app, host, returnTo, appSession, ClaimText.Of(jwt, LoginRedirect.CommonNameClaim))
            : new LoginTarget.Restart(app, host, returnTo);
    }

    // Clients that build the URL themselves leave the port on.
    private static string? HostOf(string segment)
    {
        var colon = segment.IndexOf(':', StringComparison.Ordinal);
        var host = (colon < 0 ? segment : segment[..colon]).ToLowerInvariant();
        return EmailAddress.IsHost(host) ? host : null;
    }
}
