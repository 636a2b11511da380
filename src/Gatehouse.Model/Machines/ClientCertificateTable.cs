using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Model.Machines;

/// <summary>Which hosts ask for client certificates, and which authorities count on each. Immutable.</summary>
public sealed class ClientCertificateTable
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly FrozenDictionary<string, ImmutableArray<X509Certificate2>> byHost;
    private readonly FrozenSet<string> forwarding;

    /// <summary>Makes it. An authority that can't be read counts nowhere, but its hosts go on asking: nobody meets them then.</summary>
    public ClientCertificateTable(IReadOnlyList<ClientAuthority> authorities, IReadOnlyList<ClientCertificateSetting> settings)
    {
        byHost = authorities
            .SelectMany(a => a.Hostnames.Select(h => (Host: h, Authority: a)))
            .GroupBy(p => p.Host, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.Select(p => Read(p.Authority.CertificatePem)).OfType<X509Certificate2>().ToImmutableArray(), StringComparer.Ordinal);
        forwarding = settings.Where(s => s.IsForwarded).Select(s => s.Hostname).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>No host asks.</summary>
    public static ClientCertificateTable Empty { get; } = new([], []);

    /// <summary>Whether clients of <paramref name="host"/> are asked for a certificate.</summary>
    public bool Asks(string host) => byHost.Count > 0 && byHost.ContainsKey(host);

    /// <summary>Whether the origin of <paramref name="host"/> is told of a certificate that counts.</summary>
    public bool Forwards(string host) => forwarding.Count > 0 && forwarding.Contains(host);

    /// <summary>
    /// Whether an authority of <paramref name="host"/> stands behind the certificate, for clients, at this time. No other authority counts, the
    /// system's neither, and nothing is fetched.
    /// </summary>
    public bool Counts(PresentedCertificate presented, string host, DateTimeOffset now)
    {
        if (!byHost.TryGetValue(host, out var authorities) || authorities.IsEmpty)
        {
            return false;
        }

        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities.ToArray());
        policy.ExtraStore.AddRange(presented.Others.ToArray());
        policy.RevocationMode = X509RevocationMode.NoCheck; // a private authority publishes no list
        policy.DisableCertificateDownloads = true;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        try
        {
            // The root itself is no client.
            return chain.Build(presented.Leaf) && chain.ChainElements.Count > 1;
        }
        catch (CryptographicException)
        {
            return false; // not a certificate that can be judged
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    /// <summary>When the first of the host's authorities ends that has not ended before <paramref name="now"/>; null when there is none.</summary>
    public DateTimeOffset? EndAfter(string host, DateTimeOffset now)
    {
        DateTimeOffset? first = null;
        foreach (var authority in byHost.GetValueOrDefault(host, []))
        {
            DateTimeOffset end = authority.NotAfter.ToUniversalTime();
            first = end >= now && !(end >= first) ? end : first; // it counts to the end of that very second
        }

        return first;
    }

    private static X509Certificate2? Read(string pem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
