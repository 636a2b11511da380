using Gatehouse.Access.SignIn;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>The tokens of requests that a service-auth policy admitted: they name no person, so one per app, host and service serves until it is near its end.</summary>
internal sealed class ServiceTokens(TokenIssuer issuer, TokenCache tokens, TimeProvider clock)
{
    private const int MostIssued = 4096;
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    private readonly RecentValues<Issued> issued = new(MostIssued);

    /// <summary>What a request goes to the origin with.</summary>
    public Admission For(AccessTable table, AppEntry app, string host, CompiledPolicy by, ShownToken? token, string? commonName) =>
        Current(table, app, host, by, token, commonName).Admission;

    /// <summary>
    /// The good token of this app that the request brings: its admission was recorded when that was given out. A person's counts too, since
    /// a service's must not take its place.
    /// </summary>
    public async ValueTask<VerifiedToken?> FindPresentedAsync(HttpRequest request, AccessTable table, AppEntry app, string host)
    {
        foreach (var token in TokenCandidates.Of(CookieValues.All(request, GateCookies.Authorization).Concat(request.Headers[ReadSession.TokenHeader].OfType<string>())))
        {
            if (await tokens.FactsAsync(token, table) is { } facts && facts.Audience == app.App.Aud
                && HostMark.IsOf(facts.Host, host, app, facts.IdentityNonce is null ? null : GateCookies.BindingOf(request, app)))
            {
                return facts;
            }
        }

        return null;
    }

    /// <summary>Gives the client the same token as a cookie (contract 1.5), so that it may leave its secret at home.</summary>
    public static void SetCookieLater(HttpResponse response, AppEntry app, Admission admission)
    {
        // With the answer: the forwarder wants an untouched response, and the origin's own cookies come first.
        response.OnStarting(() =>
        {
            response.Cookies.Append(GateCookies.Authorization, admission.Token!, new CookieOptions // a service's always has one
            {
                Path = "/",
                Secure = true,
                HttpOnly = app.App.HttpOnlyCookie,
                Expires = admission.GoodUntil,
                SameSite = AccessCookies.ModeOf(app.App.SameSiteCookie),
            });
            return Task.CompletedTask;
        });
    }

    private Issued Current(AccessTable table, AppEntry app, string host, CompiledPolicy by, ShownToken? token, string? commonName)
    {
        var duration = by.SessionDuration ?? app.App.SessionDuration;
        duration = duration < Shortest ? Shortest : duration;
        var now = clock.GetUtcNow();
        var key = $"{app.App.Aud}\n{app.App.TokenEpoch}\n{host}\n{token?.ClientId}\n{token?.SecretVersion}\n{commonName}";
        if (issued.Find(key) is { } held && held.Kid == table.Keys[0].Kid && held.Duration == duration && held.PolicyHash == app.PolicyHash
            && held.Admission.GoodUntil - now > held.Life / 2 && !(token?.End < held.Admission.GoodUntil))
        {
            return held;
        }

        // No longer than the service token itself, or the secret of it that was shown.
        var life = token?.End - now is { } left && left < duration ? left : duration;
        var made = new Issued(
            new Admission
            {
                Token = issuer.IssueService(table, app, host, token?.ClientId ?? commonName, token?.SecretVersion, life),
                ServiceTokenId = token?.ClientId,
                SecretVersion = token?.SecretVersion ?? 0,
                GoodUntil = now + life,
            },
            duration,
            life,
            table.Keys[0].Kid,
            app.PolicyHash);
        issued.Add(key, made);
        return made;
    }

    private sealed record Issued(Admission Admission, TimeSpan Duration, TimeSpan Life, string Kid, string PolicyHash);
}

/// <summary>A service token, and which of its secrets was shown for it.</summary>
internal sealed record ShownToken(ServiceTokenEntry Entry, int SecretVersion)
{
    /// <summary>Its client id.</summary>
    public string ClientId => Entry.Token.ClientId;

    /// <summary>When it ends for this secret; null means never.</summary>
    public DateTimeOffset? End => Entry.EndOf(SecretVersion);
}
