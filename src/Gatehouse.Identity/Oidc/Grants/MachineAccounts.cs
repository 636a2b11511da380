using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>The users that machines act as: one made for each client that comes with its secret, and service accounts with app passwords.</summary>
internal sealed class MachineAccounts(GatehouseDb db, TokenQueries queries, TimeProvider clock)
{
    private const int LongestName = 150;

    // Attribute of an account: the provider whose it is.
    private const string Owner = "gatehouse/provider";

    /// <summary>The account of <paramref name="client"/> itself, made when it is first needed; null when others have its names.</summary>
    public async Task<User?> OfClientAsync(Client client, CancellationToken cancellationToken)
    {
        foreach (var name in NamesOf(client.Provider))
        {
            var key = UserNames.Lookup(name) ?? name.ToLowerInvariant(); // a key that no typed name has
            var found = await FindAsync(key, cancellationToken) ?? await MakeAsync(client, name, key, cancellationToken);

            // Not a person's: a token that a machine gets must never say that it is somebody's (RFC 9700 §4.15).
            if (found?.Type is UserType.ServiceAccount or UserType.InternalServiceAccount && await IsOfAsync(found, client.Provider, cancellationToken))
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The active user called <paramref name="username"/> whose app password this is; null when there is none.</summary>
    public async Task<User?> OfAppPasswordAsync(string username, string password, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var hash = Digest.Of(password);
        var found = await (
            from token in db.ApiTokens.AsNoTracking()
            join user in db.Users.AsNoTracking() on token.UserId equals user.Id
            where token.KeyHash == hash && token.Intent == TokenIntent.AppPassword && (token.ExpiresAt == null || token.ExpiresAt > now)
            select user).SingleOrDefaultAsync(cancellationToken);
        return found is { IsActive: true } && UserNames.Lookup(username) is { } key
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(found.UsernameKey), Encoding.UTF8.GetBytes(key))
            ? found
            : null;
    }

    /// <summary>Whose name <paramref name="username"/> is; null when nobody's.</summary>
    public async Task<User?> NamedAsync(string username, CancellationToken cancellationToken) =>
        UserNames.Lookup(username) is { } key ? await FindAsync(key, cancellationToken) : null;

    // authentik's name first, by which administrators know it. Names that were cut, or differ in their case, are more than one provider's,
    // and who registers themselves choose theirs: then the provider's number says whose account it is.
    private static IEnumerable<string> NamesOf(OAuth2Provider provider)
    {
        const int Frame = 22; // ak- and -client_credentials
        const int Number = 11;
        if (provider.Name.Length <= LongestName - Frame && provider.RegisteredThroughId is null)
        {
            yield return UserNames.OfMachine(provider.Name);
        }

        var name = provider.Name.Length > LongestName - Frame - Number ? provider.Name[..(LongestName - Frame - Number)] : provider.Name;
        yield return UserNames.OfMachine(string.Create(CultureInfo.InvariantCulture, $"{name}-{provider.Id}"));
    }

    // One that an administrator made beforehand is the first provider's that comes for it.
    private async Task<bool> IsOfAsync(User account, OAuth2Provider provider, CancellationToken cancellationToken)
    {
        var attributes = JsonNode.Parse(account.AttributesJson) as JsonObject ?? [];
        if (attributes.TryGetPropertyValue(Owner, out var owner))
        {
            return owner is JsonValue value && value.TryGetValue<int>(out var id) && id == provider.Id;
        }

        attributes[Owner] = provider.Id;
        var (before, after) = (account.AttributesJson, attributes.ToJsonString());
        return await db.Users.Where(u => u.Id == account.Id && u.AttributesJson == before).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.AttributesJson, after).SetProperty(x => x.Version, x => x.Version + 1), cancellationToken) == 1;
    }

    private Task<User?> FindAsync(string key, CancellationToken cancellationToken) => queries.UserAsync(db, key, cancellationToken);

    private async Task<User?> MakeAsync(Client client, string name, string key, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var made = new User
        {
            Uuid = Guid.CreateVersion7(now),
            Username = name,
            UsernameKey = key,
            Name = $"Autogenerated user from application {client.Application?.Name} (client credentials)",
            Type = UserType.ServiceAccount,
            Path = $"goauthentik.io/apps/{client.Application?.Slug}",
            AttributesJson = new JsonObject { ["goauthentik.io/user/generated"] = true, [Owner] = client.Provider.Id }.ToJsonString(),
            CreatedAt = now,
            UpdatedAt = now,
        };
        db.Users.Add(made);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return made;
        }
        catch (DbUpdateException failure) when (UniqueViolation.Is(failure))
        {
            // Another request of the same client was first.
            return await FindAsync(key, cancellationToken);
        }
        finally
        {
            db.Entry(made).State = EntityState.Detached;
        }
    }
}
