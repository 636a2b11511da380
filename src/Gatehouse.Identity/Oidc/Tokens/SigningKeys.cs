using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Opens sealed keys once and keeps them, by key and version: importing an RSA key costs as much as signing.</summary>
internal sealed partial class SigningKeys(IDbContextFactory<GatehouseDb> databases, ISecretBox box, TimeProvider clock, ILogger<SigningKeys> logger)
{
    // RFC 7518 §3.2: a key of HS256 has at least 256 bits.
    private const int ShortestSecret = 32;

    private readonly ConcurrentDictionary<Guid, Opened> opened = new();
    private readonly ConditionalWeakTable<Client, Signer> secrets = [];

    /// <summary>What signs for <paramref name="client"/> now; null, and an error in the log, when its settings do not allow signing.</summary>
    public async ValueTask<Signer?> ForAsync(Client client, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var former in client.Provider.FormerKeys)
        {
            // The new key is in the key set already, but not everybody has read it again.
            if (former.SignsUntil > now && client.KeyOf(former.KeyPairId) is { } earlier && await OpenAsync(earlier, client, cancellationToken) is { } signer)
            {
                return signer;
            }
        }

        if (client.Provider.SigningKeyId is null)
        {
            return OfSecret(client);
        }

        return client.KeyOf(client.Provider.SigningKeyId) is { } key ? await OpenAsync(key, client, cancellationToken) : null;
    }

    /// <summary>All that verifies tokens of <paramref name="client"/>: its key, and those it signed with before while their tokens live.</summary>
    public async ValueTask<IReadOnlyList<Signer>> AllAsync(Client client, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var all = new List<Signer>(1);
        if (client.Provider.SigningKeyId is null)
        {
            Add(OfSecret(client));
        }
        else if (client.KeyOf(client.Provider.SigningKeyId) is { } key)
        {
            Add(await OpenAsync(key, client, cancellationToken));
        }

        foreach (var former in client.Provider.FormerKeys)
        {
            if (former.ServedUntil > now && client.KeyOf(former.KeyPairId) is { } earlier)
            {
                Add(await OpenAsync(earlier, client, cancellationToken));
            }
        }

        return all;

        void Add(Signer? signer)
        {
            if (signer is not null && !all.Contains(signer))
            {
                all.Add(signer);
            }
        }
    }

    /// <summary>What encrypts for <paramref name="client"/>; null, and an error in the log, when its encryption key can't. Ask only when it has one.</summary>
    public async ValueTask<TokenCipher?> CipherAsync(Client client, CancellationToken cancellationToken)
    {
        if (client.KeyOf(client.Provider.EncryptionKeyId) is { } key && await OpenAsync(key, client, cancellationToken) is { } pair)
        {
            if (pair.Cipher is { } cipher)
            {
                return cipher;
            }

            LogKey(client.Provider.ClientId, key.Id, "tokens are encrypted with RSA keys only");
        }

        return null;
    }

    /// <summary>The key set's entry of what encrypts for <paramref name="client"/>; null when nothing does.</summary>
    public async ValueTask<JsonObject?> EncryptionKeyAsync(Client client, CancellationToken cancellationToken) =>
        client.KeyOf(client.Provider.EncryptionKeyId) is { } key && await OpenAsync(key, client, cancellationToken) is { } pair ? pair.EncryptionKey() : null;

    private Signer? OfSecret(Client client)
    {
        if (client.Secret.Length >= ShortestSecret)
        {
            return secrets.GetValue(client, c => Signer.OfSecret(c.Secret.ToArray()));
        }

        LogShortSecret(client.Provider.ClientId);
        return null;
    }

    private async ValueTask<Signer?> OpenAsync(KeyName key, Client client, CancellationToken cancellationToken)
    {
        if (opened.TryGetValue(key.Id, out var known) && known.Version == key.Version)
        {
            return known.Signer;
        }

        var signer = await ReadAsync(key.Id, client.Provider.ClientId, cancellationToken);
        if (signer is not null)
        {
            opened[key.Id] = new Opened(key.Version, signer); // the older one goes when its last request is done
        }

        return signer;
    }

    private async Task<Signer?> ReadAsync(Guid id, string clientId, CancellationToken cancellationToken)
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

    [LoggerMessage(EventId = 2021, Level = LogLevel.Error, Message = "Client {ClientId} can't get tokens: it has no signing key and its secret is shorter than HS256 asks for (32 bytes). Choose a signing key.")]
    private partial void LogShortSecret(string clientId);

    [LoggerMessage(EventId = 2022, Level = LogLevel.Error, Message = "Client {ClientId} can't get tokens: its key {KeyId} can't be used: {Reason}")]
    private partial void LogKey(string clientId, Guid keyId, string reason);

    private sealed record Opened(int Version, Signer Signer);
}
