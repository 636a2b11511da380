using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Machines.ClientAuthority>;

namespace Gatehouse.Management.Machines;

/// <summary>Reads authorities of client certificates, and what hosts do with these.</summary>
internal sealed class ClientAuthorityDirectory(GatehouseDb db)
{
    public Task<ClientAuthority?> FindAsync(Guid id, CancellationToken cancellationToken) => db.ClientAuthorities.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, cancellationToken);

    public Task<Slice<ClientAuthority>> ListAsync(Paging paging, CancellationToken cancellationToken) =>
        db.ClientAuthorities.AsNoTracking().OrderBy(a => a.CreatedAt).ThenBy(a => a.Id).SliceAsync(paging, cancellationToken);

    public Task<List<ClientCertificateSetting>> SettingsAsync(CancellationToken cancellationToken) =>
        db.ClientCertificateSettings.AsNoTracking().OrderBy(s => s.Hostname).ToListAsync(cancellationToken);
}

/// <summary>Adds authorities of client certificates, says on which hosts they count, and takes them away.</summary>
internal sealed class SaveClientAuthority(GatehouseDb db, Writer writer, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Cloudflare's limit.</summary>
    private const int MostAuthorities = 50;

    private const int MostHostnames = 1000;

    public Task<Result> CreateAsync(string name, string pem, List<string> hostnames, CancellationToken cancellationToken) => writer.RunAsync<ClientAuthority>(
        Topic.Access,
        async () =>
        {
            var hosts = ReadHosts(hostnames, out var faults);
            using var certificate = ReadAuthority(pem, faults);
            if (faults.Count > 0 || certificate is null)
            {
                return new Result.Refused(faults);
            }

            if (await db.ClientAuthorities.CountAsync(cancellationToken) >= MostAuthorities)
            {
                return new Result.Refused([new Fault("", "maximum number of certificates has been reached")]);
            }

            var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
            if (await db.ClientAuthorities.AnyAsync(a => a.Fingerprint == fingerprint, cancellationToken))
            {
                return new Result.Taken(new Fault("certificate", "the certificate has been uploaded already"));
            }

            var now = clock.GetUtcNow();
            var authority = new ClientAuthority
            {
                Id = Guid.CreateVersion7(now),
                Name = name,
                CertificatePem = certificate.ExportCertificatePem(),
                Fingerprint = fingerprint,
                ExpiresAt = certificate.NotAfter.ToUniversalTime(),
                Hostnames = hosts,
                CreatedAt = now,
                UpdatedAt = now,
            };
            db.ClientAuthorities.Add(authority);
            return new Result.Done(authority);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, Maybe<string> name, Maybe<List<string>> hostnames, CancellationToken cancellationToken) => writer.RunAsync<ClientAuthority>(
        Topic.Access,
        async () =>
        {
            if (await db.ClientAuthorities.SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is not { } authority)
            {
                return new Result.Missing();
            }

            var hosts = ReadHosts(hostnames.Or(authority.Hostnames), out var faults);
            if (faults.Count > 0)
            {
                return new Result.Refused(faults);
            }

            authority.Name = name.Or(authority.Name);
            authority.Hostnames = hosts;
            authority.UpdatedAt = clock.GetUtcNow();
            return new Result.Done(authority);
        },
        cancellationToken);

    /// <summary>Takes one away that counts nowhere any more.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<ClientAuthority>(
        Topic.Access,
        async () =>
        {
            if (await db.ClientAuthorities.SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is not { } authority)
            {
                return new Result.Missing();
            }

            if (authority.Hostnames.Count > 0)
            {
                return new Result.InUse("certificate has active associations");
            }

            db.ClientAuthorities.Remove(authority);
            return new Result.Done(authority);
        },
        cancellationToken);

    /// <summary>Says what hosts do with certificates; those that are not named stay as they are.</summary>
    public Task<WriteResult<int>> SetAsync(IReadOnlyDictionary<string, bool> forwards, CancellationToken cancellationToken) => writer.RunAsync<int>(
        Topic.Access,
        async () =>
        {
            var hosts = ReadHosts([.. forwards.Keys], out var faults);
            if (faults.Count > 0)
            {
                return new WriteResult<int>.Refused(faults);
            }

            foreach (var host in hosts)
            {
                var setting = await db.ClientCertificateSettings.SingleOrDefaultAsync(s => s.Hostname == host, cancellationToken);
                if (setting is null)
                {
                    db.ClientCertificateSettings.Add(setting = new ClientCertificateSetting { Hostname = host });
                }

                setting.IsForwarded = forwards.First(f => f.Key.Equals(host, StringComparison.OrdinalIgnoreCase)).Value;
            }

            return new WriteResult<int>.Done(hosts.Count);
        },
        cancellationToken);

    private List<string> ReadHosts(List<string> hostnames, out List<Fault> faults)
    {
        faults = [];
        List<string> hosts = [.. hostnames.Select(h => h.ToLowerInvariant()).Distinct(StringComparer.Ordinal)];
        if (hosts.Count > MostHostnames)
        {
            faults.Add(new Fault("associated_hostnames", $"at most {MostHostnames} hostnames are allowed"));
        }

        faults.AddRange(hosts.Where(h => !EmailAddress.IsHost(h)).Select(h => new Fault("associated_hostnames", $"'{h}' is no host name; wildcards are not taken")));
        faults.AddRange(hosts.Where(urls.IsOwn).Select(h => new Fault("associated_hostnames", $"'{h}' is a host of Gatehouse itself")));
        return hosts;
    }

    private X509Certificate2? ReadAuthority(string pem, List<Fault> faults)
    {
        var certificate = ReadOne(pem);
        if (certificate is null || pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            faults.Add(new Fault("certificate", "certificate must be one certificate in PEM, without a private key"));
        }
        else if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
        {
            faults.Add(new Fault("certificate", "the certificate is not that of an authority (basic constraints CA:TRUE)"));
        }
        else if (certificate.NotAfter.ToUniversalTime() <= clock.GetUtcNow())
        {
            faults.Add(new Fault("certificate", "the certificate has expired"));
        }

        return certificate;
    }

    private static X509Certificate2? ReadOne(string pem)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(pem);
            return all is [var only] ? only : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
