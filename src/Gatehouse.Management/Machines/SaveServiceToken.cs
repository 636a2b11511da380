using System.Security.Cryptography;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Management.Machines.SavedServiceToken>;

namespace Gatehouse.Management.Machines;

/// <summary>A service token as saved, and its secret where it was made just now. A class, so that it is never printed.</summary>
internal sealed class SavedServiceToken(ServiceToken token, string? secret)
{
    public ServiceToken Token => token;

    /// <summary>Shown this once.</summary>
    public string? Secret => secret;
}

/// <summary>What a caller says about a service token. Absent fields stay as they are.</summary>
internal sealed class ServiceTokenFields
{
    public Maybe<string> Name { get; init; }

    /// <summary>Null means for ever.</summary>
    public Maybe<TimeSpan?> Duration { get; init; }

    public Maybe<bool> IsEnabled { get; init; }

    /// <summary>One more than before asks for a new secret.</summary>
    public Maybe<int> SecretVersion { get; init; }

    /// <summary>How long the secret of before still counts when a new one is made.</summary>
    public Maybe<DateTimeOffset?> PreviousExpiresAt { get; init; }
}

/// <summary>Reads service tokens.</summary>
internal sealed class ServiceTokenDirectory(GatehouseDb db)
{
    public Task<ServiceToken?> FindAsync(Guid id, CancellationToken cancellationToken) => db.ServiceTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, cancellationToken);

    public Task<Slice<ServiceToken>> ListAsync(string? name, string? search, Paging paging, CancellationToken cancellationToken)
    {
        var tokens = db.ServiceTokens.AsNoTracking();
        tokens = name is null ? tokens : tokens.Where(t => t.Name == name);
        tokens = search is null ? tokens : tokens.Search(search, t => t.Name, t => t.ClientId);
        return tokens.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id).SliceAsync(paging, cancellationToken);
    }
}

/// <summary>Makes service tokens, changes them, gives them new secrets and longer lives, and takes them away.</summary>
internal sealed class SaveServiceToken(GatehouseDb db, Writer writer, RuleUses uses, TimeProvider clock)
{
    /// <summary>All of them are in memory on every node.</summary>
    private const int MostTokens = 10_000;

    private static readonly TimeSpan DefaultDuration = TimeSpan.FromHours(8760);
    private static readonly TimeSpan RefreshedFor = TimeSpan.FromDays(365);

    public Task<Result> CreateAsync(ServiceTokenFields fields, CancellationToken cancellationToken) => writer.RunAsync<SavedServiceToken>(
        Topic.Access,
        async () =>
        {
            if (await db.ServiceTokens.CountAsync(cancellationToken) >= MostTokens)
            {
                return new Result.Refused([new Fault("", $"there are {MostTokens} service tokens already")]);
            }

            var now = clock.GetUtcNow();
            var secret = NewSecret();
            var duration = fields.Duration.Is(out var asked) ? asked : DefaultDuration;
            var token = new ServiceToken
            {
                Id = Guid.CreateVersion7(now),
                Name = fields.Name.Or(""),
                ClientId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + ".access",
                SecretHash = ServiceTokenEntry.HashOf(secret),
                Duration = duration,
                ExpiresAt = now + duration,
                IsEnabled = fields.IsEnabled.Or(true),
                CreatedAt = now,
                UpdatedAt = now,
            };
            db.ServiceTokens.Add(token);
            return new Result.Done(new SavedServiceToken(token, secret));
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, ServiceTokenFields fields, CancellationToken cancellationToken) => ChangeAsync(
        id,
        (token, now) =>
        {
            token.Name = fields.Name.Or(token.Name);
            token.IsEnabled = fields.IsEnabled.Or(token.IsEnabled);
            if (fields.Duration.Is(out var duration) && duration != token.Duration)
            {
                token.Duration = duration;
                token.ExpiresAt = now + duration;
            }

            return (fields.SecretVersion.Or(token.SecretVersion) - token.SecretVersion) switch
            {
                0 => new Result.Done(new SavedServiceToken(token, null)),
                1 => Rotate(token, fields.PreviousExpiresAt.Or(null), now),
                _ => new Result.Refused([new Fault("client_secret_version", $"client_secret_version is {token.SecretVersion}; one more makes a new secret")]),
            };
        },
        cancellationToken);

    /// <summary>A new secret. The one of before ends now, or when the caller says.</summary>
    public Task<Result> RotateAsync(Guid id, DateTimeOffset? previousExpiresAt, CancellationToken cancellationToken) =>
        ChangeAsync(id, (token, now) => Rotate(token, previousExpiresAt, now), cancellationToken);

    /// <summary>Another year, with the same secret.</summary>
    public Task<Result> RefreshAsync(Guid id, CancellationToken cancellationToken) => ChangeAsync(
        id,
        (token, now) =>
        {
            token.ExpiresAt = token.ExpiresAt is null ? null : now + RefreshedFor;
            return new Result.Done(new SavedServiceToken(token, null));
        },
        cancellationToken);

    /// <summary>Takes one away that nothing names: a policy that excludes it would let in others without it.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<SavedServiceToken>(
        Topic.Access,
        async () =>
        {
            if (await db.ServiceTokens.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is not { } token)
            {
                return new Result.Missing();
            }

            if (await uses.FindAsync(r => r is Rule.ServiceToken named && named.Id == id, cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            db.ServiceTokens.Remove(token);
            return new Result.Done(new SavedServiceToken(token, null));
        },
        cancellationToken);

    private Task<Result> ChangeAsync(Guid id, Func<ServiceToken, DateTimeOffset, Result> change, CancellationToken cancellationToken) => writer.RunAsync<SavedServiceToken>(
        Topic.Access,
        async () =>
        {
            if (await db.ServiceTokens.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is not { } token)
            {
                return new Result.Missing();
            }

            var now = clock.GetUtcNow();
            var result = change(token, now);
            token.UpdatedAt = now;
            return result;
        },
        cancellationToken);

    private static Result Rotate(ServiceToken token, DateTimeOffset? previousExpiresAt, DateTimeOffset now)
    {
        var secret = NewSecret();
        var overlaps = previousExpiresAt > now;
        token.PreviousSecretHash = overlaps ? token.SecretHash : null;
        token.PreviousSecretExpiresAt = overlaps ? previousExpiresAt : null;
        token.SecretHash = ServiceTokenEntry.HashOf(secret);
        token.SecretVersion++;
        return new Result.Done(new SavedServiceToken(token, secret));
    }

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}
