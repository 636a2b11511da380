using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels.Ingress;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Snapshots;

/// <summary>Reads everything the gateway and the login page look at.</summary>
internal sealed partial class AccessTableReader(
    IDbContextFactory<GatehouseDb> databases, ISecretBox box, IGeoReader places, TimeProvider clock, ILogger<AccessTableReader> logger)
    : TableReader<AccessTable>(databases, clock, logger)
{
    private readonly TimeProvider clock = clock;
    private readonly ILogger logger = logger;

    // Requests may still sign with a key of the table before, so keys are shared between tables and never disposed: the last reference ends them.
    private Dictionary<string, RSA> opened = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override string Topic => Gatehouse.Model.Snapshots.Topic.Access;

    /// <inheritdoc/>
    protected override async Task<AccessTable> ReadAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        AccessTableBuilder.Build(new AccessRows
        {
            Organization = await db.Organizations.AsNoTracking().SingleAsync(cancellationToken),
            Apps = await ReadAppsAsync(db, cancellationToken),
            Groups = await db.RuleGroups.AsNoTracking().ToListAsync(cancellationToken),
            Lists = await db.AccessLists.AsNoTracking().ToListAsync(cancellationToken),
            CustomPages = await db.CustomPages.AsNoTracking().ToListAsync(cancellationToken),
            KnowsPlaces = places.IsAvailable,
            LoginMethods = await ReadLoginMethodsAsync(db, cancellationToken),
            Hostnames = await db.PublicHostnames.AsNoTracking().ToListAsync(cancellationToken),
            Tunnels = await ReadTunnelsAsync(db, cancellationToken),
            DnsRecords = await db.DnsRecords.AsNoTracking().ToListAsync(cancellationToken),
            Keys = await ReadKeysAsync(db, cancellationToken),
            ServiceTokens = await db.ServiceTokens.AsNoTracking().ToListAsync(cancellationToken),
            ClientAuthorities = await db.ClientAuthorities.AsNoTracking().ToListAsync(cancellationToken),
            ClientCertificateSettings = await db.ClientCertificateSettings.AsNoTracking().ToListAsync(cancellationToken),
        });

    // Three plain reads, joined here: cheaper to prepare than one query that joins, and each row comes once.
    private static async Task<List<App>> ReadAppsAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var apps = await db.Apps.AsNoTracking().ToListAsync(cancellationToken);
        var policies = await db.Policies.AsNoTracking().ToDictionaryAsync(p => p.Id, cancellationToken);
        var links = (await db.AppPolicies.AsNoTracking().ToListAsync(cancellationToken)).ToLookup(l => l.AppId);
        foreach (var app in apps)
        {
            app.Policies = [.. links[app.Id]];
            app.Policies.ForEach(l => l.Policy = policies[l.PolicyId]);
        }

        return apps;
    }

    private async Task<List<LoginMethodEntry>> ReadLoginMethodsAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var entries = new List<LoginMethodEntry>();
        foreach (var method in await db.LoginMethods.AsNoTracking().ToListAsync(cancellationToken))
        {
            if (box.Open(method.SealedClientSecret, SecretPurposes.LoginMethodClientSecret) is { } secret)
            {
                entries.Add(new LoginMethodEntry { Method = method, ClientSecret = Encoding.UTF8.GetString(secret) });
            }
            else
            {
                // One broken row must not keep changes to all others from coming into force; nobody can sign in with it, which is closed.
                LogSecretUnreadable(method.Name, method.Id);
            }
        }

        return entries;
    }

    private async Task<List<TunnelEntry>> ReadTunnelsAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var entries = new List<TunnelEntry>();
        var configurations = await db.TunnelConfigurations.AsNoTracking().ToDictionaryAsync(c => c.TunnelId, cancellationToken);
        foreach (var tunnel in await db.Tunnels.AsNoTracking().ToListAsync(cancellationToken))
        {
            if (box.Open(tunnel.SealedSecret, SecretPurposes.TunnelSecret) is not { } secret)
            {
                LogTunnelUnreadable(tunnel.Name, tunnel.Id);
                continue;
            }

            var configuration = tunnel.IsRemotelyManaged ? configurations.GetValueOrDefault(tunnel.Id) : null;
            entries.Add(new TunnelEntry
            {
                Tunnel = tunnel,
                SecretHash = SHA256.HashData(secret),
                Configuration = configuration,
                Ingress = configuration is null ? null : IngressReader.ReadKept(configuration.Json),
            });
            CryptographicOperations.ZeroMemory(secret);
        }

        return entries;
    }

    private async Task<List<AccessSigningKey>> ReadKeysAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rows = await db.AccessKeys.AsNoTracking().ToListAsync(cancellationToken);
        var used = new Dictionary<string, RSA>(StringComparer.Ordinal);
        var keys = new List<AccessSigningKey>();
        foreach (var row in rows.Where(k => k.ExpiresAt is not { } end || end > now).OrderBy(k => k.ExpiresAt is not null).ThenByDescending(k => k.CreatedAt))
        {
            var rsa = opened.GetValueOrDefault(row.Kid) ?? Open(row);
            used.Add(row.Kid, rsa);
            keys.Add(new AccessSigningKey { Kid = row.Kid, CertificatePem = row.CertificatePem, Rsa = rsa, ExpiresAt = row.ExpiresAt });
        }

        opened = used;
        return keys;
    }

    private RSA Open(AccessKey row)
    {
        var pkcs8 = box.Open(row.SealedPrivateKey, SecretPurposes.AccessKeyPrivateKey)
            ?? throw new InvalidDataException($"the private key of Access key {row.Kid} does not open with the root key");
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(pkcs8, out _);
        CryptographicOperations.ZeroMemory(pkcs8);
        return rsa;
    }

    [LoggerMessage(EventId = 6104, Level = LogLevel.Error, Message = "The secret of tunnel '{Name}' ({Id}) does not open with the root key: the tunnel is left out. Rotate its secret")]
    private partial void LogTunnelUnreadable(string name, Guid id);

    [LoggerMessage(EventId = 6103, Level = LogLevel.Error, Message = "The client secret of login method '{Name}' ({Id}) does not open with the root key: the method is left out. Set its secret again")]
    private partial void LogSecretUnreadable(string name, Guid id);
}
