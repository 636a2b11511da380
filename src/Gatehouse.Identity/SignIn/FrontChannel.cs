using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn;

/// <summary>An address for a frame, and whose it is.</summary>
public sealed record LogoutFrame(string Url, string ClientName);

/// <summary>What a browser loads in frames so that clients end what they have (OpenID Connect Front-Channel Logout).</summary>
internal sealed class FrontChannel(GatehouseDb db, PublicUrls urls)
{
    /// <summary>The addresses, with the issuer and the session's name added. A client without an application has no issuer, and so no sessions.</summary>
    public async Task<IReadOnlyList<LogoutFrame>> FramesAsync(IReadOnlyList<FrameLogout> ended, CancellationToken cancellationToken)
    {
        if (ended.Count == 0)
        {
            return [];
        }

        var ids = ended.Select(e => e.ProviderId).Distinct().ToList();
        var clients = await (
            from application in db.ProviderApplications.AsNoTracking()
            join provider in db.Providers.AsNoTracking() on application.ProviderId equals (int?)provider.Id
            where ids.Contains(provider.Id)
            select new { provider.Id, provider.IssuerMode, application.Slug, application.Name }).ToDictionaryAsync(c => c.Id, cancellationToken);
        return
        [
            .. from client in ended
               where clients.ContainsKey(client.ProviderId)
               let facts = clients[client.ProviderId]
               select new LogoutFrame(Url(client, Issuers.Of(urls, facts.IssuerMode, facts.Slug)), facts.Name),
        ];
    }

    /// <summary>Where frames may come from when the session of <paramref name="browser"/> ends, for the Content-Security-Policy of the page that ends it; null means nowhere.</summary>
    public async Task<string?> SourcesAsync(SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        if (browser is null)
        {
            return null;
        }

        var uris = await (
            from client in db.SessionClients.AsNoTracking()
            join provider in db.Providers.AsNoTracking() on client.ProviderId equals provider.Id
            where client.SessionUuid == browser.Session.Uuid && provider.LogoutUri != "" && provider.LogoutMethod == LogoutMethod.Frontchannel
            select provider.LogoutUri).ToListAsync(cancellationToken);
        return uris.Count == 0 ? null : string.Join(' ', uris.Select(LogoutUris.FrameSource).Distinct());
    }

    private static string Url(FrameLogout client, string issuer)
    {
        var joint = client.LogoutUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        return $"{client.LogoutUri}{joint}iss={Uri.EscapeDataString(issuer)}&sid={client.Sid}";
    }
}
