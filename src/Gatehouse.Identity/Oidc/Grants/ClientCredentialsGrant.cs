using System.Text;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Gatehouse.Web.Http;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>
/// Tokens for machines (RFC 6749 §4.4), with authentik's four ways to say who asks: a token of a federated provider, a service account
/// with an app password, the client itself, or the service account packed into the client secret. <c>password</c> is the same code.
/// </summary>
internal sealed class ClientCredentialsGrant(
    GatehouseDb db,
    GroupCommit commits,
    ClientAuthentication clients,
    MachineAccounts accounts,
    AccessTokens tokens,
    TokenIssuer issuer,
    ApplicationAccess access,
    OAuthEvents events,
    IReputation reputation,
    TimeProvider clock)
{
    public const string GrantType = "client_credentials";
    public const string PasswordGrantType = "password";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Finds out as whom the request acts. The client in the result is believed only as far as that.</summary>
    public async Task<MachineResult> IdentifyAsync(PresentedCredentials presented, TokenRequest request, CancellationToken cancellationToken)
    {
        var (client, form) = (request.Client, request.Form);
        if (presented.Assertion is { } assertion)
        {
            return ClientAssertions.ClaimedClient(assertion) == client.Provider.ClientId
                ? await OfClientAsync(presented, request, "jwt", cancellationToken)
                : await OfFederatedTokenAsync(presented, client, assertion, cancellationToken);
        }

        if (form["username"] is { } username && form["password"] is { } password)
        {
            // No secret is needed with these; a wrong one is still wrong.
            return presented.Secrets.Count > 0 && client.Provider.ClientType == ClientType.Confidential && !ClientAuthentication.IsSecretOf(client, presented)
                ? Unknown(presented, "wrong client secret")
                : await OfAppPasswordAsync(request, username, password, cancellationToken);
        }

        if (client.Provider.ClientType == ClientType.Confidential && ClientAuthentication.IsSecretOf(client, presented))
        {
            return await OfClientAsync(presented, request, "oauth_client_secret", cancellationToken);
        }

        foreach (var secret in presented.Secrets)
        {
            if (TryUnpack(secret, out var name, out var key))
            {
                return await OfAppPasswordAsync(request, name, key, cancellationToken);
            }
        }

        return Unknown(presented, presented.Secrets.Count == 0 ? "the client sent no credentials" : "wrong client secret");
    }

    /// <summary>Issues tokens to <paramref name="machine"/>: an access token and an ID token, never a refresh token.</summary>
    public async Task<TokenResult> IssueAsync(TokenRequest request, MachineResult.Known machine, CancellationToken cancellationToken)
    {
        var (client, user, now) = (request.Client, machine.User, clock.GetUtcNow());
        var scopes = GrantRows.ScopesOf(client, request.Form["scope"]);
        if (machine.Subject is { } from)
        {
            // What acts in a person's own right is handed on, never gained on the way.
            scopes.RemoveAll(s => s is ScopeNames.Api or ScopeNames.Registration && !from.Row.Scopes.Contains(s));
        }

        if (!user.IsActive)
        {
            return TokenResult.InvalidGrant("the account is inactive");
        }

        var asked = AccessRequest.Of(request.Context, request.Form["grant_type"] ?? GrantType, scopes);
        var facts = machine.Subject?.Claims?.ToJsonString() is { } claims ? new Dictionary<string, object> { ["oauth_jwt"] = claims } : null;
        if (!(await access.JudgeAsync(client, user.Id, asked, cancellationToken, facts)).IsPassing)
        {
            return TokenResult.InvalidGrant("the application's policies deny the account");
        }

        if (await issuer.KeysAsync(client, cancellationToken) is not { } keys)
        {
            return TokenResult.CannotSign();
        }

        var grant = new OAuthGrant
        {
            Id = Guid.CreateVersion7(now),
            ProviderId = client.Provider.Id,
            UserId = user.Id,
            SessionId = machine.Subject?.Access.Grant.SessionId,
            SessionUuid = machine.Subject?.Access.Grant.SessionUuid,
            Scopes = scopes,
            AuthenticatedAt = machine.Subject?.Access.Grant.AuthenticatedAt ?? now,
            Amr = [.. machine.Subject?.Access.Grant.Amr ?? []],
            KeyThumbprint = request.KeyThumbprint,
            ConsentId = machine.Subject?.Access.Grant.ConsentId,
            Actor = machine.Subject?.Access.Grant.Actor,
            CreatedAt = now,
            ExpiresAt = now + ValidityPeriod.Parse(client.Provider.AccessTokenValidity),
        };
        var row = issuer.AccessRow(client, grant, scopes, out var jti, endsBy: machine.Subject?.Row.ExpiresAt);
        await commits.RunAsync(
            (d, _) =>
            {
                d.Grants.Add(grant);
                d.OAuthTokens.Add(row);
                return Task.FromResult(true);
            },
            cancellationToken);
        events.MachineLogin(client, user, machine.Method, request.Context);
        var person = await PersonReader.ReadAsync(db, user, client, scopes, cancellationToken);
        return new TokenResult.Issued(await issuer.SignAsync(keys, new GrantedAccess(client, grant, person, scopes), jti, row.ExpiresAt - now, refreshToken: null, cancellationToken));
    }

    private static MachineResult.Refused Unknown(PresentedCredentials presented, string reason) =>
        new(OAuthRefusal.InvalidClient(reason) with { IsBasicChallenge = presented.IsBasic });

    private static MachineResult.Refused Invalid(string reason) => new(OAuthRefusal.InvalidGrant(reason));

    private async Task<MachineResult> OfClientAsync(PresentedCredentials presented, TokenRequest request, string method, CancellationToken cancellationToken)
    {
        if (await clients.CheckAsync(presented, request.Context.Request, cancellationToken) is ClientResult.Refused refused)
        {
            return new MachineResult.Refused(refused.Refusal);
        }

        return await accounts.OfClientAsync(request.Client, cancellationToken) is { } user
            ? new MachineResult.Known(user, method)
            : Invalid("the name of the client's own account belongs to a person");
    }

    private async Task<MachineResult> OfAppPasswordAsync(TokenRequest request, string username, string password, CancellationToken cancellationToken)
    {
        if (await accounts.OfAppPasswordAsync(username, password, cancellationToken) is { } user)
        {
            return new MachineResult.Known(user, "token");
        }

        // As a wrong password at a flow does. A right one earns nothing: programs send it all day.
        reputation.Note(username, ClientAddress.Of(request.Context), isSuccess: false);
        events.MachineFailed(request, username, await accounts.NamedAsync(username, cancellationToken));
        return Invalid("no active user has this name and app password");
    }

    // A token that stands: signature, end, revocation, user and grant are looked at. Bound to a key it is no bearer token, so it is nobody's assertion.
    private async Task<MachineResult> OfFederatedTokenAsync(PresentedCredentials presented, Client client, string assertion, CancellationToken cancellationToken)
    {
        if (presented.Secrets.Count > 0 && client.Provider.ClientType == ClientType.Confidential && !ClientAuthentication.IsSecretOf(client, presented))
        {
            return Unknown(presented, "wrong client secret beside an assertion");
        }

        return await tokens.FindAccessAsync(assertion, cancellationToken) is { } found && found.Access.Grant is { KeyThumbprint: null, ImpersonatorId: null }
            && client.Provider.FederatedProviderIds.Contains(found.Row.ProviderId)
            ? new MachineResult.Known(found.Access.Person.User, "jwt") { Subject = found }
            : Invalid("the assertion is no access token that stands, of a provider that this one trusts");
    }

    // authentik's own way for clients that can't send more than an id and a secret.
    private static bool TryUnpack(string secret, out string name, out string key)
    {
        (name, key) = ("", "");
        var bytes = new byte[secret.Length];
        if (!Convert.TryFromBase64String(secret, bytes, out var length))
        {
            return false;
        }

        try
        {
            var text = StrictUtf8.GetString(bytes, 0, length);
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            (name, key) = colon > 0 ? (text[..colon], text[(colon + 1)..]) : ("", "");
            return colon > 0;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}

/// <summary>As whom a machine acts.</summary>
internal abstract record MachineResult
{
    private MachineResult()
    {
    }

    /// <summary>As this user. <paramref name="Method"/>: authentik's word for how it was proved.</summary>
    public sealed record Known(User User, string Method) : MachineResult
    {
        /// <summary>The token of another provider that it came with: what is issued ends with it; null when it came with none.</summary>
        public StandingToken? Subject { get; init; }
    }

    /// <summary>As nobody.</summary>
    public sealed record Refused(OAuthRefusal Refusal) : MachineResult;
}
