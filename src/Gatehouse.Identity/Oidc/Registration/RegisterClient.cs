using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Events;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Identity.Oidc.Registration;

/// <summary>Makes a provider and an application for a client that registers itself, after the pattern of the provider it came through.</summary>
internal sealed class RegisterClient(GatehouseDb db, ChangeFeed feed, SigningKeys keys, IEventRows rows, ISecretBox box, TimeProvider clock)
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>The most clients that one user may register through a rule.</summary>
    public const int MostOfOne = 100;

    /// <summary>The most that all of them may.</summary>
    public const int MostOfAll = 1000;

    private static readonly string[] UsualGrants = [AuthorizationCodeGrant.GrantType, RefreshTokenGrant.GrantType];

    public async Task<RegistrationResult> RunAsync(HttpContext context, Client through, RegistrationRule rule, User caller, JsonElement body, CancellationToken cancellationToken)
    {
        var algorithm = (await keys.ForAsync(through, cancellationToken))?.Algorithm ?? SecurityAlgorithms.RsaSha256;
        var (metadata, refusal) = ClientMetadata.Read(body, rule.AllowedGrantTypes.Count > 0 ? rule.AllowedGrantTypes : UsualGrants, algorithm);
        if (metadata is null)
        {
            return refusal!; // one of the two
        }

        if (await FullAsync(through.Provider.Id, caller.Id, cancellationToken) is { } full)
        {
            return full;
        }

        var now = clock.GetUtcNow();
        var isPublic = metadata.AuthMethod == "none";
        var secret = RandomNumberGenerator.GetString(Alphanumeric, 128);
        var kept = metadata.Kept();
        var mappings = await MappingsAsync(through.Provider, rule, cancellationToken);
        var provider = ProviderOf(through.Provider, rule, metadata, kept, mappings, secret, caller.Id, now);
        var slug = $"client-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";

        // One transaction: the database makes the provider's key, which the application names.
        await using (await db.Database.BeginTransactionAsync(cancellationToken))
        {
            db.Providers.Add(provider);
            await db.SaveChangesAsync(cancellationToken);
            var application = new ProviderApplication
            {
                Id = Guid.CreateVersion7(now),
                Slug = slug,
                Name = metadata.Name ?? provider.Name,
                ProviderId = provider.Id,
                GroupLabel = rule.ApplicationGroup,
                Icon = metadata.Logo ?? "",
                IsHidden = true, // a tile with a name and a picture of the caller's choice is for an administrator to put up
            };
            db.ProviderApplications.Add(application);
            db.Events.Add(Made(context, caller, EventRow.Target("authentik_providers_oauth2", "oauth2provider", provider.Id.ToString(CultureInfo.InvariantCulture), provider.Name)));
            db.Events.Add(Made(context, caller, EventRow.Target("authentik_core", "application", application.Id.ToString("N"), application.Name)));
            await feed.SaveAsync(db, Topic.Identity, cancellationToken);
        }

        rows.Written();
        if (provider.RequiresPushedRequests)
        {
            kept["require_pushed_authorization_requests"] = true;
        }

        if (provider.RequiresDpop)
        {
            kept["dpop_bound_access_tokens"] = true;
        }

        kept["client_id"] = provider.ClientId;
        kept["client_id_issued_at"] = now.ToUnixTimeSeconds();
        if (!isPublic && provider.AuthMethod == ClientAuthMethod.Secret)
        {
            kept["client_secret"] = secret;
            kept["client_secret_expires_at"] = 0;
        }

        return new RegistrationResult.Registered(provider.ClientId, kept);
    }

    private Event Made(HttpContext context, User caller, JsonObject model) => rows.RowOf(new NewEvent(
        EventActions.ModelCreated, new EventActor(caller.Id, caller.Username, caller.Email), ClientAddress.Of(context).ToString(), new JsonObject { ["model"] = model }));

    private async Task<RegistrationResult.Full?> FullAsync(int throughId, int callerId, CancellationToken cancellationToken)
    {
        var registered = db.Providers.Where(p => p.RegisteredThroughId == throughId);
        return await registered.CountAsync(p => p.RegisteredById == callerId, cancellationToken) >= MostOfOne ? new RegistrationResult.Full($"You have registered {MostOfOne} clients already.")
            : await registered.CountAsync(cancellationToken) >= MostOfAll ? new RegistrationResult.Full($"{MostOfAll} clients are registered here already.")
            : null;
    }

    // What a token can do at our own API, or make here, is not for whoever registers: only a rule that names it hands it on.
    private async Task<List<Guid>> MappingsAsync(OAuth2Provider pattern, RegistrationRule rule, CancellationToken cancellationToken) => rule.ScopeMappingIds.Count > 0
        ? [.. rule.ScopeMappingIds]
        : await db.ScopeMappings.Where(m => pattern.ScopeMappingIds.Contains(m.Id) && m.ScopeName != ScopeNames.Api && m.ScopeName != ScopeNames.Registration)
            .Select(m => m.Id).ToListAsync(cancellationToken);

    private OAuth2Provider ProviderOf(
        OAuth2Provider pattern, RegistrationRule rule, ClientMetadata metadata, JsonObject kept, List<Guid> mappings, string secret, int callerId, DateTimeOffset now)
    {
        var clientId = RandomNumberGenerator.GetString(Alphanumeric, 40);
        return new OAuth2Provider
        {
            Name = $"{metadata.Name ?? "Registered client"} ({clientId[..8]})",
            ClientId = clientId,
            ClientType = metadata.AuthMethod == "none" ? ClientType.Public : ClientType.Confidential,
            SealedClientSecret = box.Seal(Encoding.ASCII.GetBytes(secret), SecretPurposes.OAuth2ProviderClientSecret),
            AuthMethod = metadata.AuthMethod == "private_key_jwt" ? ClientAuthMethod.PrivateKeyJwt : ClientAuthMethod.Secret,
            Jwks = metadata.Jwks,
            GrantTypes = [.. metadata.GrantTypes, .. metadata.ResponseTypes.Any(t => ResponseType.Read(t) is { Code: true, CarriesTokens: true }) ? (string[])[ResponseType.HybridGrant] : []],
            RedirectUris =
            [
                .. metadata.RedirectUris.Select(u => new RedirectUri(MatchingMode.Strict, u, RedirectUriType.Authorization)),
                .. metadata.LogoutUris.Select(u => new RedirectUri(MatchingMode.Strict, u, RedirectUriType.Logout)),
            ],
            AccessCodeValidity = pattern.AccessCodeValidity,
            AccessTokenValidity = rule.AccessTokenValidity,
            RefreshTokenValidity = rule.RefreshTokenValidity,
            IncludeClaimsInIdToken = pattern.IncludeClaimsInIdToken,
            SigningKeyId = pattern.SigningKeyId,
            EncryptionKeyId = pattern.EncryptionKeyId,
            SubMode = pattern.SubMode,
            IssuerMode = pattern.IssuerMode,
            AuthenticationFlowId = pattern.AuthenticationFlowId,
            AuthorizationFlowId = rule.AuthorizationFlowId ?? pattern.AuthorizationFlowId,
            InvalidationFlowId = rule.InvalidationFlowId ?? pattern.InvalidationFlowId,
            ScopeMappingIds = mappings,
            RequiresPushedRequests = metadata.RequiresPushedRequests || pattern.RequiresPushedRequests,
            RequiresDpop = metadata.RequiresDpop || pattern.RequiresDpop,
            RegisteredThroughId = pattern.Id,
            RegisteredById = callerId,
            MetadataJson = kept.ToJsonString(),
            CreatedAt = now,
        };
    }
}
