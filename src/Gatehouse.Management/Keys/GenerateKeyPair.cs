using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Keys.KeyPair>;

namespace Gatehouse.Management.Keys;

/// <summary>How a key pair is made.</summary>
internal enum KeyAlgorithm
{
    /// <summary>RSA, 4096 bits.</summary>
    Rsa,

    /// <summary>ECDSA on P-256.</summary>
    Ecdsa,
}

/// <summary>Makes a key pair with a self-signed certificate for Identity's providers.</summary>
internal sealed class GenerateKeyPair(GatehouseDb db, Writer writer, ISecretBox secrets, TimeProvider clock)
{
    private const int KeySize = 4096;
    private const int LongestValidity = 36525;

    /// <summary>Makes it. <paramref name="name"/> becomes the common name; <paramref name="alternatives"/> are DNS names, comma-separated.</summary>
    public async Task<Result> RunAsync(string name, string alternatives, int validityDays, KeyAlgorithm algorithm, CancellationToken cancellationToken)
    {
        var names = alternatives.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (Check(name, names, validityDays) is { Count: > 0 } faults)
        {
            return new Result.Refused(faults);
        }

        // Seconds of work: not for a name that is taken.
        if (await IsTakenAsync(name, cancellationToken))
        {
            return Taken();
        }

        var pair = Make(name, names, validityDays, algorithm);
        return await writer.RunAsync<KeyPair>(
            Topic.Identity,
            async () =>
            {
                if (await IsTakenAsync(name, cancellationToken))
                {
                    return Taken();
                }

                db.KeyPairs.Add(pair);
                return new Result.Done(pair);
            },
            cancellationToken);
    }

    private static List<Fault> Check(string name, string[] names, int validityDays)
    {
        List<Fault> faults = [];
        if (name.Length > 64 || name.Any(char.IsControl))
        {
            faults.Add(new Fault("common_name", "A common name has at most 64 characters (RFC 5280 appendix A) and no control characters."));
        }

        if (names.Length > 100 || names.Any(n => !IPAddress.TryParse(n, out _) && Uri.CheckHostName(n) != UriHostNameType.Dns))
        {
            faults.Add(new Fault("subject_alt_name", "Expected at most 100 host names or addresses, separated by commas."));
        }

        if (validityDays is < 1 or > LongestValidity)
        {
            faults.Add(new Fault("validity_days", $"Expected 1 to {LongestValidity} days."));
        }

        return faults;
    }

    private KeyPair Make(string name, string[] names, int validityDays, KeyAlgorithm algorithm)
    {
        var now = clock.GetUtcNow();
        using AsymmetricAlgorithm key = algorithm == KeyAlgorithm.Ecdsa ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(KeySize);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = key is ECDsa curve
            ? new CertificateRequest(subject.Build(), curve, HashAlgorithmName.SHA256)
            : new CertificateRequest(subject.Build(), (RSA)key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (names.Length > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var alternative in names)
            {
                if (IPAddress.TryParse(alternative, out var address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(alternative);
                }
            }

            request.CertificateExtensions.Add(alternatives.Build());
        }

        using var certificate = request.CreateSelfSigned(now, now.AddDays(validityDays));
        return new KeyPair
        {
            Id = Guid.CreateVersion7(now),
            Name = name,
            Kid = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 16)),
            CertificatePem = certificate.ExportCertificatePem(),
            SealedPrivateKey = secrets.Seal(key.ExportPkcs8PrivateKey(), SecretPurposes.KeyPairPrivateKey),
            CreatedAt = now,
        };
    }

    private Task<bool> IsTakenAsync(string name, CancellationToken cancellationToken) => db.KeyPairs.AnyAsync(k => k.Name == name, cancellationToken);

    private static Result.Taken Taken() => new(new Fault("common_name", "Certificate-Key Pair with this name already exists."));
}
