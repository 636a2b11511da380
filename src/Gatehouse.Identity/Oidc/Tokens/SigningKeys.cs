using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Opens sealed keys once and keeps them, by key and version: importing an RSA key costs as much as signing.</summary>
internal sealed partial class SigningKeys(IDbContextFactory<GatehouseDb> databases, ISecretBox box, ILogger<SigningKeys> logger)
{
    // RFC 7518 §3.2: a key of HS256 has at least 256 bits.
    private const int ShortestSecret = 32;

    private readonly ConcurrentDictionary<Guid, Opened> opened = new();

    /// <summary>What signs for <paramref name="client"/>; null, and an error in the log, when its settings do not allow signing.</summary>
    public async ValueTask<Signer?> ForAsync(Client client, CancellationToken cancellationToken)
    {
        if (client.Provider.EncryptionKeyId is not null)
        {
            LogEncryption(client.Provider.ClientId);
            return null;
        }

        if (client.SigningKey is not { } key)
        {
            return OfSecret(client);
        }

        if (opened.TryGetValue(key.Id, out var known) && known.Version == key.Version)
        {
            return known.Signer;
        }

        var signer = await OpenAsync(key.Id, client.Provider.ClientId, cancellationToken);
        if (signer is not null)
        {
            opened[key.Id] = new Opened(key.Version, signer); // the older one goes when its last request is done
        }

        return signer;
    }

    private Signer? OfSecret(Client client)
    {
        if (box.Open(client.Provider.SealedClientSecret, SecretPurposes.OAuth2ProviderClientSecret) is { Length: >= ShortestSecret } secret)
        {
            return Signer.OfSecret(secret);
        }

        LogShortSecret(client.Provider.ClientId);
        return null;
    }

    private async Task<Signer?> OpenAsync(Guid id, string clientId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var pair = await db.KeyPairs.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken);
        try
        {
            if (pair is not null
                && box.Open(pair.SealedPrivateKey, SecretPurposes.KeyPairPrivateKey) is { } pkcs8
                && Signer.OfCertificate(pair.Kid, pair.CertificatePem, pkcs8) is { } signer)
            {
                return signer;
            }

            LogKey(clientId, id, "it is missing, sealed with another key, or of a kind that can't sign");
        }
        catch (CryptographicException e)
        {
            LogKey(clientId, id, e.Message);
        }

        return null;
    }

    [LoggerMessage(EventId = 2020, Level = LogLevel.Error, Message = "Client {ClientId} can't get tokens: it has an encryption key, and encrypted tokens are not supported. Remove the encryption key from its provider.")]
    private partial void LogEncryption(string clientId);

    [LoggerMessage(EventId = 2021, Level = LogLevel.Error, Message = "Client {ClientId} can't get tokens: it has no signing key and its secret is shorter than HS256 asks for (32 bytes). Choose a signing key.")]
    private partial void LogShortSecret(string clientId);

    [LoggerMessage(EventId = 2022, Level = LogLevel.Error, Message = "Client {ClientId} can't get tokens: its signing key {KeyId} can't be used: {Reason}")]
    private partial void LogKey(string clientId, Guid keyId, string reason);

    private sealed record Opened(int Version, Signer Signer);
}
