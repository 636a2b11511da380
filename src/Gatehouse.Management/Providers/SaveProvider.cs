using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Management.Keys;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.OAuth2Provider>;

namespace Gatehouse.Management.Providers;

/// <summary>Adds an OAuth2 provider, or changes one.</summary>
internal sealed class SaveProvider(GatehouseDb db, Writer writer, KeyPairDirectory keys, ISecretBox secrets, TimeProvider clock)
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public Task<Result> CreateAsync(ProviderFields fields, CancellationToken cancellationToken) => writer.RunAsync<OAuth2Provider>(
        Topic.Identity, () => PrepareAsync(fields, cancellationToken), cancellationToken);

    /// <summary>Makes one, for a write that holds more.</summary>
    public async Task<Result> PrepareAsync(ProviderFields fields, CancellationToken cancellationToken)
    {
        var provider = new OAuth2Provider
        {
            Name = "",
            ClientId = RandomNumberGenerator.GetString(Alphanumeric, 40),
            SealedClientSecret = Seal(RandomNumberGenerator.GetString(Alphanumeric, 128)),
            RedirectUris = [],
            AuthorizationFlowId = default,
            InvalidationFlowId = default,
            CreatedAt = clock.GetUtcNow(),
        };
        db.Providers.Add(provider);
        List<Fault> faults = [];
        if (!fields.SigningKey.IsGiven)
        {
            // HS256 only by an explicit null: clients such as Cloudflare Access refuse it.
            provider.SigningKeyId = await keys.DefaultSigningKeyAsync(cancellationToken);
            if (provider.SigningKeyId is null)
            {
                faults.Add(new Fault("signing_key", "There is no RSA key pair to sign with; make one, or send null to choose HS256."));
            }
        }

        return await ApplyAsync(provider, fields, faults, cancellationToken);
    }

    public Task<Result> UpdateAsync(int id, ProviderFields fields, CancellationToken cancellationToken) => writer.RunAsync<OAuth2Provider>(
        Topic.Identity,
        async () => await db.Providers.SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is { } provider
            ? await ApplyAsync(provider, fields, [], cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(OAuth2Provider provider, ProviderFields fields, List<Fault> faults, CancellationToken cancellationToken)
    {
        var former = provider.SigningKeyId;
        fields.ApplyTo(provider);
        faults.AddRange(fields.Check());
        faults.AddRange(await ReferenceFaultsAsync(provider, cancellationToken));
        if (fields.ClientSecret.Is(out var secret))
        {
            provider.SealedClientSecret = Seal(secret);
        }

        // An empty secret would let anyone pose as the client.
        if (provider.ClientType == ClientType.Confidential && secrets.Open(provider.SealedClientSecret, SecretPurposes.OAuth2ProviderClientSecret) is { Length: 0 })
        {
            faults.Add(new Fault("client_secret", "A confidential client needs a secret; leave the field out to have one made."));
        }

        if (provider.AuthMethod == ClientAuthMethod.PrivateKeyJwt && (provider.Jwks.Length == 0 || provider.ClientType == ClientType.Public))
        {
            faults.Add(new Fault("token_endpoint_auth_method", "private_key_jwt is for confidential clients with keys: set jwks."));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        if (provider.Id != 0 && former is { } key && key != provider.SigningKeyId)
        {
            provider.Retire(key, await AreSameKindAsync(key, provider.SigningKeyId, cancellationToken), clock.GetUtcNow());
        }

        return await db.Providers.AnyAsync(p => p.Name == provider.Name && p.Id != provider.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Provider with this name already exists."))
            : await db.Providers.AnyAsync(p => p.ClientId == provider.ClientId && p.Id != provider.Id, cancellationToken)
            ? new Result.Taken(new Fault("client_id", "OAuth2/OpenID Provider with this client_id already exists."))
            : new Result.Done(provider);
    }

    private async Task<List<Fault>> ReferenceFaultsAsync(OAuth2Provider provider, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        Guid?[] wantedFlows = [provider.AuthenticationFlowId, provider.AuthorizationFlowId, provider.InvalidationFlowId];
        var flows = await db.Flows.Where(f => wantedFlows.Contains(f.Id)).Select(f => f.Id).ToListAsync(cancellationToken);
        var pairs = await db.KeyPairs.Where(k => k.Id == provider.SigningKeyId || k.Id == provider.EncryptionKeyId).Select(k => k.Id).ToListAsync(cancellationToken);
        var mappings = await db.ScopeMappings.Where(m => provider.ScopeMappingIds.Contains(m.Id)).Select(m => m.Id).ToListAsync(cancellationToken);
        Known("authentication_flow", provider.AuthenticationFlowId, flows);
        Known("authorization_flow", provider.AuthorizationFlowId, flows);
        Known("invalidation_flow", provider.InvalidationFlowId, flows);
        var wantedProviders = provider.FederatedProviderIds;
        var providers = await db.Providers.Where(p => wantedProviders.Contains(p.Id)).Select(p => p.Id).ToListAsync(cancellationToken);
        foreach (var unknown in wantedProviders.Except(providers))
        {
            faults.Add(new Fault("jwt_federation_providers", $"Invalid pk \"{unknown}\" - object does not exist."));
        }

        Known("signing_key", provider.SigningKeyId, pairs);
        Known("encryption_key", provider.EncryptionKeyId, pairs);
        foreach (var mapping in provider.ScopeMappingIds)
        {
            Known("property_mappings", mapping, mappings);
        }

        return faults;

        void Known(string name, Guid? id, List<Guid> known)
        {
            if (id is { } wanted && !known.Contains(wanted))
            {
                faults.Add(new Fault(name, $"Invalid pk \"{wanted}\" - object does not exist."));
            }
        }
    }

    // Algorithm and curve: what clients were told to expect stays true.
    private async Task<bool> AreSameKindAsync(Guid former, Guid? next, CancellationToken cancellationToken)
    {
        var kinds = await db.KeyPairs.Where(k => k.Id == former || k.Id == next).Select(k => k.CertificatePem).ToListAsync(cancellationToken);
        return kinds.Count == 2 && kinds.Select(KindOf).Distinct().Count() == 1;

        static string KindOf(string pem)
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return $"{certificate.GetKeyAlgorithm()} {certificate.GetKeyAlgorithmParametersString()}";
        }
    }

    private byte[] Seal(string secret) => secrets.Seal(Encoding.UTF8.GetBytes(secret), SecretPurposes.OAuth2ProviderClientSecret);
}
