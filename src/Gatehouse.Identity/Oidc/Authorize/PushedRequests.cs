using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Keeps authorization requests that clients sent ahead (RFC 9126), until they are answered.</summary>
internal sealed class PushedRequests(GatehouseDb db, TimeProvider clock)
{
    public const string UriPrefix = "urn:ietf:params:oauth:request_uri:";

    /// <summary>How long a client has to send the browser along.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(90);

    // How long a person has to sign in once the browser was there.
    private static readonly TimeSpan OpenLife = TimeSpan.FromMinutes(15);

    /// <summary>Keeps a request; its <c>request_uri</c>.</summary>
    public async Task<string> AddAsync(Client client, string query, CancellationToken cancellationToken)
    {
        var secret = Digest.FreshSecret(32);
        db.PushedRequests.Add(new PushedRequest { Hash = Digest.Of(secret), ProviderId = client.Provider.Id, Query = query, ExpiresAt = clock.GetUtcNow() + Life });
        await db.SaveChangesAsync(cancellationToken);
        return UriPrefix + secret;
    }

    /// <summary>The request behind <paramref name="uri"/>; null when it is not one of <paramref name="client"/> that still waits for its answer.</summary>
    public Task<PushedRequest?> FindAsync(string uri, Client client, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var hash = Digest.Of(uri[UriPrefix.Length..]);
        return db.PushedRequests.AsNoTracking().SingleOrDefaultAsync(
            r => r.Hash == hash && r.ProviderId == client.Provider.Id && r.UsedAt == null && r.ExpiresAt > now, cancellationToken);
    }

    /// <summary>A browser is there: whoever sits before it gets time to sign in. Once only, so that nobody keeps a request alive.</summary>
    public Task OpenAsync(string hash, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.PushedRequests.Where(r => r.Hash == hash && r.OpenedAt == null).ExecuteUpdateAsync(
            r => r.SetProperty(x => x.OpenedAt, now).SetProperty(x => x.ExpiresAt, now + OpenLife), cancellationToken);
    }

    /// <summary>Uses a request up that is answered without a grant: true once.</summary>
    public Task<bool> UseUpAsync(string hash, CancellationToken cancellationToken) => TryUseAsync(db, hash, clock.GetUtcNow(), cancellationToken);

    /// <summary>Uses a request up, in the transaction of its answer: true once.</summary>
    public static async Task<bool> TryUseAsync(GatehouseDb db, string hash, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.PushedRequests.Where(r => r.Hash == hash && r.UsedAt == null).ExecuteUpdateAsync(r => r.SetProperty(x => x.UsedAt, now), cancellationToken) == 1;
}
