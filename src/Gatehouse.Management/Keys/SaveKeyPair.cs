using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Keys.KeyPair>;

namespace Gatehouse.Management.Keys;

/// <summary>What a caller says about a key pair. A class: records print their members. Absent fields stay as they are.</summary>
internal sealed class KeyPairFields
{
    public Maybe<string> Name { get; init; }

    /// <summary>PEM.</summary>
    public Maybe<string> Certificate { get; init; }

    /// <summary>PEM, unencrypted; empty means none.</summary>
    public Maybe<string> PrivateKey { get; init; }
}

/// <summary>Takes over key pairs from elsewhere, renames and removes them.</summary>
internal sealed class SaveKeyPair(GatehouseDb db, Writer writer, ISecretBox secrets, TimeProvider clock)
{
    public Task<Result> CreateAsync(KeyPairFields fields, CancellationToken cancellationToken) => writer.RunAsync<KeyPair>(
        Topic.Identity,
        async () =>
        {
            var now = clock.GetUtcNow();
            var pair = new KeyPair { Id = Guid.CreateVersion7(now), Name = "", Kid = "", CertificatePem = "", SealedPrivateKey = [], CreatedAt = now };
            db.KeyPairs.Add(pair);
            return await ApplyAsync(pair, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, KeyPairFields fields, CancellationToken cancellationToken) => writer.RunAsync<KeyPair>(
        Topic.Identity,
        async () => await db.KeyPairs.SingleOrDefaultAsync(k => k.Id == id, cancellationToken) is { } pair
            ? await ApplyAsync(pair, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    /// <summary>Removes one that no provider signs or encrypts with, and no webhook is held to: losing it would turn them to HS256, or to other authorities, unseen.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<KeyPair>(
        Topic.Identity,
        async () =>
        {
            if (await db.KeyPairs.SingleOrDefaultAsync(k => k.Id == id, cancellationToken) is not { } pair)
            {
                return new Result.Missing();
            }

            if (await db.Providers.AnyAsync(p => p.SigningKeyId == id || p.EncryptionKeyId == id, cancellationToken))
            {
                return new Result.InUse("A provider signs or encrypts with this key pair; choose another for it first.");
            }

            if (await db.NotificationTransports.AnyAsync(t => t.AuthorityId == id, cancellationToken))
            {
                return new Result.InUse("A notification transport trusts this certificate alone; choose another for it first.");
            }

            db.KeyPairs.Remove(pair);
            return new Result.Done(pair);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(KeyPair pair, KeyPairFields fields, CancellationToken cancellationToken)
    {
        pair.Name = fields.Name.Or(pair.Name);
        if (fields.Certificate.IsGiven || fields.PrivateKey.IsGiven)
        {
            if (ReplaceFault(pair, fields) is { } fault)
            {
                return new Result.Refused([fault]);
            }
        }

        return await db.KeyPairs.AnyAsync(k => k.Name == pair.Name && k.Id != pair.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Certificate-Key Pair with this name already exists."))
            : await db.KeyPairs.AnyAsync(k => k.Kid == pair.Kid && k.Id != pair.Id, cancellationToken)
            ? new Result.Taken(new Fault("certificate_data", "A pair with this key is here already, under another name."))
            : new Result.Done(pair);
    }

    private Fault? ReplaceFault(KeyPair pair, KeyPairFields fields)
    {
        using var certificate = Read(fields.Certificate.Or(pair.CertificatePem));
        if (certificate is null)
        {
            return new Fault("certificate_data", "Unable to load certificate; expected one in PEM, with an RSA or an elliptic curve key.");
        }

        byte[]? bytes = null;
        var pem = fields.PrivateKey.Or("");
        if (pem.Length > 0)
        {
            bytes = PrivateKeys.OfPem(pem, certificate);
            if (bytes is null)
            {
                return new Fault("key_data", "Unable to load private key, or it is not the certificate's; expected an unencrypted one in PEM.");
            }
        }
        else if (!fields.PrivateKey.IsGiven && pair.SealedPrivateKey.Length > 0)
        {
            bytes = secrets.Open(pair.SealedPrivateKey, SecretPurposes.KeyPairPrivateKey);
            if (bytes is null || !PrivateKeys.Belongs(bytes, certificate))
            {
                return new Fault("key_data", "The private key that is kept is not that of the new certificate; send its own.");
            }
        }

        pair.CertificatePem = certificate.ExportCertificatePem();
        pair.Kid = Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()).AsSpan(0, 16));
        pair.SealedPrivateKey = bytes is null ? [] : secrets.Seal(bytes, SecretPurposes.KeyPairPrivateKey);
        return null;
    }

    private static X509Certificate2? Read(string pem)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPem(pem);
            using var rsa = certificate.GetRSAPublicKey();
            using var curve = certificate.GetECDsaPublicKey();
            if (rsa is { KeySize: >= 2048 } || curve is not null)
            {
                return certificate;
            }

            certificate.Dispose();
            return null;
        }
        catch (CryptographicException)
        {
            return null; // there is no Try form
        }
    }
}
