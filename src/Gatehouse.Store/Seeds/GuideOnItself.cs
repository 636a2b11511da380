using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Connections;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Seeds;

/// <summary>Performs the guide on Gatehouse itself: Identity gets a provider and an application for Access, Access gets Identity as a login method, by URLs alone.</summary>
internal sealed class GuideOnItself(IDbContextFactory<GatehouseDb> databases, ISecretBox box, TimeProvider clock)
{
    /// <summary>Slug of the application.</summary>
    public const string Slug = "cloudflare";

    private const string ProviderName = "Cloudflare";
    private const string MethodName = "Authentik";
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Performs it on a first start; on later ones moves the URLs along when domain or port changed. One cheap query when there is nothing to do.</summary>
    public async Task EnsureAsync(PublicUrls urls, CancellationToken cancellationToken)
    {
        var wanted = InstalledUrls.Write(urls);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.SettingAsync(SettingNames.Guide, cancellationToken) == wanted)
        {
            return;
        }

        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        var done = await db.Settings.FirstOrDefaultAsync(s => s.Name == SettingNames.Guide, cancellationToken);
        if (done is null)
        {
            await PerformAsync(db, urls, cancellationToken);
            db.Settings.Add(new Setting { Name = SettingNames.Guide, Value = wanted });
        }
        else
        {
            await MoveAsync(db, InstalledUrls.Read(done.Value), urls, cancellationToken);
            done.Value = wanted;
        }

        await db.SaveChangesAsync(cancellationToken);
        await Revisions.BumpAsync(db, Topic.Access, cancellationToken);
        await Revisions.BumpAsync(db, Topic.Identity, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task PerformAsync(GatehouseDb db, PublicUrls urls, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var secret = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetString(Alphanumeric, 128));
        var provider = await ProviderAsync(db, urls, secret, cancellationToken);
        var methodId = Guid.CreateVersion7(now);

        // So that who is signed out or deactivated at Identity is out of the apps within seconds.
        provider.LogoutUri = LogoutUri(urls) + methodId.ToString("D", CultureInfo.InvariantCulture);
        db.Providers.Add(provider);
        await db.SaveChangesAsync(cancellationToken); // the database makes its key, which the application names
        db.ProviderApplications.Add(new ProviderApplication { Id = Guid.CreateVersion7(now), Slug = Slug, Name = ProviderName, ProviderId = provider.Id });
        db.LoginMethods.Add(new LoginMethod
        {
            Id = methodId,
            Name = MethodName,
            Type = "oidc",
            ClientId = provider.ClientId,
            SealedClientSecret = box.Seal(secret, SecretPurposes.LoginMethodClientSecret),
            AuthUrl = AuthUrl(urls),
            TokenUrl = TokenUrl(urls),
            CertsUrl = CertsUrl(urls),
            Issuer = Issuer(urls),
            Claims = ["groups"],
            PkceEnabled = true,
            CreatedAt = now,
            UpdatedAt = now,
        });
    }

    private async Task<OAuth2Provider> ProviderAsync(GatehouseDb db, PublicUrls urls, byte[] secret, CancellationToken cancellationToken)
    {
        string[] scopes = [ScopeSeeds.ManagedId("openid"), ScopeSeeds.ManagedId("email"), ScopeSeeds.ManagedId("profile")];
        return new OAuth2Provider
        {
            Name = ProviderName,
            ClientType = ClientType.Confidential,
            ClientId = RandomNumberGenerator.GetString(Alphanumeric, 40),
            SealedClientSecret = box.Seal(secret, SecretPurposes.OAuth2ProviderClientSecret),
            RedirectUris = [new RedirectUri(MatchingMode.Strict, urls.AccessCallback, RedirectUriType.Authorization)],
            SigningKeyId = await db.KeyPairs.Where(k => k.Name == FirstSeeds.SigningKeyName).Select(k => k.Id).SingleAsync(cancellationToken),
            AuthorizationFlowId = await FlowAsync(db, FlowSeeds.ImplicitConsent, cancellationToken),
            InvalidationFlowId = await FlowAsync(db, FlowSeeds.ProviderInvalidation, cancellationToken),
            ScopeMappingIds = await db.ScopeMappings.Where(m => scopes.Contains(m.Managed)).OrderBy(m => m.ScopeName).Select(m => m.Id).ToListAsync(cancellationToken),
            CreatedAt = clock.GetUtcNow(),
        };
    }

    // What an administrator has edited since no longer equals what was written then, and is left alone.
    private async Task MoveAsync(GatehouseDb db, PublicUrls from, PublicUrls to, CancellationToken cancellationToken)
    {
        foreach (var provider in await db.Providers.ToListAsync(cancellationToken))
        {
            if (provider.RedirectUris.Any(u => u.Url == from.AccessCallback))
            {
                provider.RedirectUris = [.. provider.RedirectUris.Select(u => u.Url == from.AccessCallback ? u with { Url = to.AccessCallback } : u)];
            }

            if (provider.LogoutUri.StartsWith(LogoutUri(from), StringComparison.Ordinal))
            {
                provider.LogoutUri = LogoutUri(to) + provider.LogoutUri[LogoutUri(from).Length..];
            }
        }

        foreach (var method in await db.LoginMethods.ToListAsync(cancellationToken))
        {
            var before = (method.AuthUrl, method.TokenUrl, method.CertsUrl, method.Issuer);
            method.AuthUrl = Moved(method.AuthUrl, AuthUrl);
            method.TokenUrl = Moved(method.TokenUrl, TokenUrl);
            method.CertsUrl = Moved(method.CertsUrl, CertsUrl);
            method.Issuer = Moved(method.Issuer, Issuer);
            method.UpdatedAt = before == (method.AuthUrl, method.TokenUrl, method.CertsUrl, method.Issuer) ? method.UpdatedAt : clock.GetUtcNow();
        }

        string Moved(string url, Func<PublicUrls, string> of) => url == of(from) ? of(to) : url;
    }

    private static string AuthUrl(PublicUrls urls) => urls.Identity + "/application/o/authorize/";

    private static string TokenUrl(PublicUrls urls) => urls.Identity + "/application/o/token/";

    private static string CertsUrl(PublicUrls urls) => $"{urls.Identity}/application/o/{Slug}/jwks/";

    private static string Issuer(PublicUrls urls) => $"{urls.Identity}/application/o/{Slug}/";

    private static string LogoutUri(PublicUrls urls) => urls.AccessLogoutReceiver;

    private static Task<Guid> FlowAsync(GatehouseDb db, string slug, CancellationToken cancellationToken) =>
        db.Flows.Where(f => f.Slug == slug).Select(f => f.Id).SingleAsync(cancellationToken);
}
