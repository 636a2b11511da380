using System.Collections.Concurrent;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>The tokens of requests that a service-auth policy admitted: they name nobody, so one per app serves until it is near its end.</summary>
internal sealed class ServiceTokens(TokenIssuer issuer, TokenVerifier verifier, TimeProvider clock)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Issued> byAud = new(StringComparer.Ordinal);

    /// <summary>What a request goes to the origin with.</summary>
    public Admission For(AccessTable table, AppEntry app, CompiledPolicy by) => Current(table, app, by).Admission;

    /// <summary>
    /// Whether the request brings a good token of this app: its admission was recorded when that was given out. A person's counts too, since
    /// a service's must not take its place.
    /// </summary>
    public async ValueTask<bool> IsPresentedAsync(HttpRequest request, AccessTable table, AppEntry app, string host)
    {
        foreach (var token in TokenCandidates.Of(CookieValues.All(request, GateCookies.Authorization)))
        {
            if (TokenSeal.IsOurs(token, table) && await verifier.VerifyAsync(token, table) is { Type: TokenType.App } facts && facts.Audience == app.App.Aud
                && (facts.IdentityNonce is null || HostMark.IsOf(facts.Host, host)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives the browser the same token as a cookie (contract 1.5).</summary>
    public void SetCookieLater(HttpResponse response, AccessTable table, AppEntry app, CompiledPolicy by)
    {
        // With the answer: the forwarder wants an untouched response, and the origin's own cookies come first.
        var issued = Current(table, app, by);
        response.OnStarting(() =>
        {
            Append(response, app, issued);
            return Task.CompletedTask;
        });
    }

    private static void Append(HttpResponse response, AppEntry app, Issued issued) =>
        response.Cookies.Append(GateCookies.Authorization, issued.Admission.Token!, new CookieOptions // issued with one
        {
            Path = "/",
            Secure = true,
            HttpOnly = app.App.HttpOnlyCookie,
            Expires = issued.ExpiresAt,
            SameSite = AccessCookies.ModeOf(app.App.SameSiteCookie),
        });

    private Issued Current(AccessTable table, AppEntry app, CompiledPolicy by)
    {
        var duration = by.SessionDuration ?? app.App.SessionDuration;
        duration = duration < Shortest ? Shortest : duration;
        var now = clock.GetUtcNow();
        if (byAud.TryGetValue(app.App.Aud, out var held) && held.Kid == table.Keys[0].Kid && held.Duration == duration && held.ExpiresAt - now > duration / 2)
        {
            return held;
        }

        var token = issuer.IssueService(table, app, duration);
        return byAud[app.App.Aud] = new Issued(new Admission { Token = token }, now + duration, duration, table.Keys[0].Kid);
    }

    private sealed record Issued(Admission Admission, DateTimeOffset ExpiresAt, TimeSpan Duration, string Kid);
}
