using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Gatehouse.Store.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Records what a person granted, and makes the answer: a code, tokens, or both.</summary>
internal sealed partial class AuthorizationIssuer(
    GatehouseDb db, GroupCommit commits, AuthorizationFlows flows, TokenIssuer issuer, OAuthEvents events, TimeProvider clock, ILogger<AuthorizationIssuer> logger)
{
    /// <summary>The answer; null when the request was pushed, and answered before.</summary>
    public async Task<AuthorizeReply?> IssueAsync(AuthorizeRequest request, SignedInBrowser browser, HttpContext http, CancellationToken cancellationToken)
    {
        var provider = request.Client.Provider;
        request = request with { Scopes = GrantRows.Grantable(request.Scopes, browser) };
        TokenKeys? keys = null;
        if (request.Type.CarriesTokens && (keys = await issuer.KeysAsync(request.Client, cancellationToken)) is null)
        {
            return request.Target.Error(OAuthError.ServerError, "The provider is misconfigured: tokens can't be signed.");
        }

        var grant = await GrantAsync(request, browser, cancellationToken);
        var code = request.Type.Code ? Digest.FreshSecret(32) : null;
        var jti = "";
        var access = request.Type.Token ? issuer.AccessRow(request.Client, grant, request.Scopes, out jti) : null;
        var isFirst = await commits.RunAsync(
            async (d, stopping) =>
            {
                if (request.PushedHash is { } hash && !await PushedRequests.TryUseAsync(d, hash, grant.CreatedAt, stopping))
                {
                    return false;
                }

                await SessionEnd.RememberClientAsync(d, browser.Session, browser.User.Id, provider.Id, grant.CreatedAt, stopping);
                d.Grants.Add(grant);
                d.Events.Add(events.Authorized(request.Client, browser, request.Scopes, http));
                if (code is not null)
                {
                    d.AuthorizationCodes.Add(CodeRow(request, grant, code));
                }

                if (access is not null)
                {
                    d.OAuthTokens.Add(access);
                }

                return true;
            },
            cancellationToken);
        if (!isFirst)
        {
            return null;
        }

        var scopes = string.Join(' ', request.Scopes);
        LogGranted(browser.User.Username, provider.ClientId, scopes);
        events.Written();
        return request.Target.Answer(
            [.. code is null ? (KeyValuePair<string, string>[])[] : [new("code", code)], .. keys is null ? [] : await TokensAsync(request, keys, grant, browser, code, jti, cancellationToken)]);
    }

    private async Task<OAuthGrant> GrantAsync(AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var provider = request.Client.Provider;
        var now = clock.GetUtcNow();
        var tokenLife = ValidityPeriod.Parse(provider.AccessTokenValidity);
        var refreshLife = GrantRows.MayRefresh(request.Client, request.Scopes) ? ValidityPeriod.Parse(provider.RefreshTokenValidity) : TimeSpan.Zero;
        return new OAuthGrant
        {
            Id = Guid.CreateVersion7(now),
            ProviderId = provider.Id,
            UserId = browser.User.Id,
            ImpersonatorId = browser.Impersonator?.Id,
            SessionId = browser.Session.Id,
            SessionUuid = browser.Session.Uuid,
            Scopes = [.. request.Scopes],
            Nonce = request.Nonce,
            AuthenticatedAt = browser.Session.AuthenticatedAt,
            Amr = [.. browser.Session.Amr],
            ConsentId = await flows.ConsentIdAsync(request.Client, browser.User.Id, cancellationToken),
            CreatedAt = now,
            ExpiresAt = now + ValidityPeriod.Parse(provider.AccessCodeValidity) + (tokenLife > refreshLife ? tokenLife : refreshLife),
        };
    }

    private AuthorizationCode CodeRow(AuthorizeRequest request, OAuthGrant grant, string code) => new()
    {
        Hash = Digest.Of(code),
        GrantId = grant.Id,
        ProviderId = grant.ProviderId,
        RedirectUri = request.Target.RedirectUri,
        CodeChallenge = request.CodeChallenge,
        CodeChallengeMethod = request.CodeChallenge is null ? null : Pkce.Method,
        KeyThumbprint = request.KeyThumbprint,
        ExpiresAt = clock.GetUtcNow() + ValidityPeriod.Parse(request.Client.Provider.AccessCodeValidity),
    };

    // OpenID Connect Core §3.2.2.5 and §3.3.2.5.
    private async Task<List<KeyValuePair<string, string>>> TokensAsync(
        AuthorizeRequest request, TokenKeys keys, OAuthGrant grant, SignedInBrowser browser, string? code, string jti, CancellationToken cancellationToken)
    {
        var person = await PersonReader.ReadAsync(db, browser.User, request.Client, request.Scopes, cancellationToken);
        var granted = new GrantedAccess(request.Client, grant, person, request.Scopes);
        var life = ValidityPeriod.Parse(request.Client.Provider.AccessTokenValidity);
        var id = await issuer.IdClaimsAsync(granted, life, cancellationToken);
        List<KeyValuePair<string, string>> fields = [];
        if (request.Type.Token)
        {
            var access = issuer.AccessTokenOf(keys, granted, id, jti);
            fields.AddRange([new("access_token", access), new("token_type", "Bearer"), new("expires_in", ((long)life.TotalSeconds).ToString(CultureInfo.InvariantCulture))]);
            id["at_hash"] = HalfHash(access, keys.Signer.Algorithm);
        }

        if (request.Type.IdToken)
        {
            if (code is not null)
            {
                id["c_hash"] = HalfHash(code, keys.Signer.Algorithm);
            }

            fields.Add(new("id_token", issuer.IdTokenOf(keys, id)));
        }

        return fields;
    }

    // The left half of the hash that the signature's algorithm uses.
    private static string HalfHash(string text, string algorithm)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var hash = algorithm[^3..] switch
        {
            "384" => SHA384.HashData(bytes),
            "512" => SHA512.HashData(bytes),
            _ => SHA256.HashData(bytes),
        };
        return Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2));
    }

    [LoggerMessage(EventId = 2100, Level = LogLevel.Information, Message = "{Username} authorized client {ClientId} for {Scopes}")]
    private partial void LogGranted(string username, string clientId, string scopes);
}
