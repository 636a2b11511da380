using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Management.Users.ServiceAccount>;

namespace Gatehouse.Management.Users;

/// <summary>A service account that was just made. A class: records print their members, and one of these is a secret.</summary>
internal sealed class ServiceAccount(User user, Group? group, string key)
{
    public User User => user;

    public Group? Group => group;

    public string Key => key;
}

/// <summary>Makes a user for a machine, with an app password, and with a group of the same name where asked for.</summary>
internal sealed class MakeServiceAccount(GatehouseDb db, Writer writer, TokenKeys keys, TimeProvider clock)
{
    private const string Path = "goauthentik.io/service-accounts";
    private static readonly TimeSpan UsualLife = TimeSpan.FromDays(360);

    /// <summary>Makes them. <paramref name="expires"/> null takes a year; it counts only when <paramref name="isExpiring"/>.</summary>
    public Task<Result> RunAsync(string name, bool withGroup, bool isExpiring, DateTimeOffset? expires, CancellationToken cancellationToken) => writer.RunAsync<ServiceAccount>(
        Topic.Identity,
        async () =>
        {
            if (UserNames.Key(name, out var fault) is not { } key)
            {
                return new Result.Refused([new Fault("name", fault)]);
            }

            var identifier = $"service-account-{name}-password";
            if (await db.Users.AnyAsync(u => u.UsernameKey == key, cancellationToken) || await db.ApiTokens.AnyAsync(t => t.Identifier == identifier, cancellationToken)
                || (withGroup && await db.Groups.AnyAsync(g => g.Name == name, cancellationToken)))
            {
                return new Result.Taken(new Fault("non_field_errors", "Unable to create user: the name is taken."));
            }

            var now = clock.GetUtcNow();
            var user = new User { Uuid = Guid.CreateVersion7(now), Username = name, UsernameKey = key, Name = name, Type = UserType.ServiceAccount, Path = Path, CreatedAt = now, UpdatedAt = now };
            db.Users.Add(user);
            var group = withGroup ? await GroupAsync(name, user, cancellationToken) : null;
            var made = keys.Make();
            var token = db.ApiTokens.Add(new ApiToken
            {
                Id = Guid.CreateVersion7(now),
                Identifier = identifier,
                UserId = db.Entry(user).Property(u => u.Id).CurrentValue,
                Intent = TokenIntent.AppPassword,
                KeyHash = FindCaller.HashOf(made),
                SealedKey = keys.Seal(made),
                ExpiresAt = isExpiring ? expires ?? now + UsualLife : null,
            });
            token.Property(t => t.UserId).IsTemporary = true; // the user's key is made by the database
            return new Result.Done(new ServiceAccount(user, group, made));
        },
        cancellationToken);

    private async Task<Group> GroupAsync(string name, User user, CancellationToken cancellationToken)
    {
        var last = await db.Groups.MaxAsync(g => (int?)g.Number, cancellationToken) ?? 0;
        var group = new Group { Id = Guid.CreateVersion7(), Number = last + 1, Name = name };
        db.Groups.Add(group);
        user.Groups.Add(new GroupMember { GroupId = group.Id, UserId = user.Id });
        return group;
    }
}
