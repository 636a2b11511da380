using System.Diagnostics.CodeAnalysis;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Gatehouse.Store.Secrets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Management.Keys.AccessKeyFacts>;

namespace Gatehouse.Management.Keys;

/// <summary>How old Access's signing key is, and how old it may become.</summary>
internal sealed record AccessKeyFacts(int IntervalDays, DateTimeOffset LastRotationAt)
{
    /// <summary>When it is due.</summary>
    public DateTimeOffset NextRotationAt => LastRotationAt.AddDays(IntervalDays);
}

/// <summary>Gives Access another signing key. The one of before stays published, and what it signed stays good, for a week.</summary>
internal sealed class AccessKeys(GatehouseDb db, Writer writer, ISecretBox secrets, TimeProvider clock)
{
    private const int ShortestDays = 21;
    private const int LongestDays = 365;

    private static readonly TimeSpan PreviousLife = TimeSpan.FromDays(7);

    public async Task<AccessKeyFacts?> FindAsync(CancellationToken cancellationToken) =>
        await db.Organizations.AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } organization
            ? new AccessKeyFacts(organization.KeyRotationDays, await CurrentSinceAsync(cancellationToken))
            : null;

    public Task<Result> SetIntervalAsync(int days, CancellationToken cancellationToken) => WriteAsync(
        organization =>
        {
            organization.KeyRotationDays = days;
            organization.UpdatedAt = clock.GetUtcNow();
            return days is >= ShortestDays and <= LongestDays
                ? Task.FromResult<Fault?>(null)
                : Task.FromResult<Fault?>(new Fault("key_rotation_interval_days", $"key_rotation_interval_days must be between {ShortestDays} and {LongestDays}"));
        },
        cancellationToken);

    /// <summary>Rotates now, or only if it is still due: another node may have been first.</summary>
    public Task<Result> RotateAsync(bool onlyIfDue, CancellationToken cancellationToken)
    {
        var made = SelfSignedKey.Make("Gatehouse Access", clock); // once, and not while others wait for their turn to write
        return WriteAsync(
            async organization =>
            {
                if (onlyIfDue && (await CurrentSinceAsync(cancellationToken)).AddDays(organization.KeyRotationDays) > clock.GetUtcNow())
                {
                    return new Fault("", "the key is not due");
                }

                await PrepareAsync(made, cancellationToken);
                return null;
            },
            cancellationToken);
    }

    private async Task PrepareAsync(SelfSignedKey made, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var key in await db.AccessKeys.Where(k => k.ExpiresAt == null).ToListAsync(cancellationToken))
        {
            key.ExpiresAt = now + PreviousLife;
        }

        db.AccessKeys.Add(new AccessKey
        {
            Kid = made.Kid,
            CertificatePem = made.CertificatePem,
            SealedPrivateKey = secrets.Seal(made.PrivateKey, SecretPurposes.AccessKeyPrivateKey),
            CreatedAt = now,
        });
    }

    private Task<Result> WriteAsync(Func<Organization, Task<Fault?>> change, CancellationToken cancellationToken) => writer.RunAsync<AccessKeyFacts>(
        Topic.Access,
        async () =>
        {
            if (await db.Organizations.SingleOrDefaultAsync(cancellationToken) is not { } organization)
            {
                return new Result.Missing();
            }

            if (await change(organization) is { } fault)
            {
                return new Result.Refused([fault]);
            }

            var added = db.ChangeTracker.Entries<AccessKey>().FirstOrDefault(e => e.State == EntityState.Added)?.Entity.CreatedAt;
            return new Result.Done(new AccessKeyFacts(organization.KeyRotationDays, added ?? await CurrentSinceAsync(cancellationToken)));
        },
        cancellationToken);

    private Task<DateTimeOffset> CurrentSinceAsync(CancellationToken cancellationToken) =>
        db.AccessKeys.Where(k => k.ExpiresAt == null).OrderByDescending(k => k.CreatedAt).Select(k => k.CreatedAt).FirstOrDefaultAsync(cancellationToken);
}

/// <summary>Rotates Access's signing key when it is due.</summary>
internal sealed partial class RotateAccessKeys(IServiceScopeFactory scopes, TimeProvider clock, ILogger<RotateAccessKeys> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>Rotates if it is due; whether it was.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var keys = scope.ServiceProvider.GetRequiredService<AccessKeys>();
        return await keys.FindAsync(cancellationToken) is { } facts && facts.NextRotationAt <= clock.GetUtcNow()
            && await keys.RotateAsync(onlyIfDue: true, cancellationToken) is Result.Done;
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "What fails is logged and tried again; the key of before is good all the while.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Every, clock, stoppingToken);
            try
            {
                if (await RunAsync(stoppingToken))
                {
                    LogRotated();
                }
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                LogFailed(fault);
            }
        }
    }

    [LoggerMessage(EventId = 5301, Level = LogLevel.Information, Message = "Access signs with a new key; the one of before stays good for a week")]
    private partial void LogRotated();

    [LoggerMessage(EventId = 5302, Level = LogLevel.Error, Message = "Access's signing key is due and can't be changed; trying again in an hour")]
    private partial void LogFailed(Exception fault);
}
