using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Machines;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Machines;

/// <summary>Keeps when service tokens were last used: remembered at once, written once a minute. Not a change of the token, so no table is read again.</summary>
internal sealed partial class ServiceTokenUses(IDbContextFactory<GatehouseDb> databases, TimeProvider clock, ILogger<ServiceTokenUses> logger)
    : BackgroundService, IServiceTokenUses
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> seen = new();

    /// <inheritdoc/>
    public void Seen(Guid id) => seen[id] = clock.GetUtcNow();

    /// <summary>Writes what is remembered.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (seen.IsEmpty)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        foreach (var (id, at) in seen)
        {
            // Another node may have seen it later.
            await db.ServiceTokens.Where(t => t.Id == id && (t.LastSeenAt == null || t.LastSeenAt < at))
                .ExecuteUpdateAsync(t => t.SetProperty(x => x.LastSeenAt, at), cancellationToken);
            seen.TryRemove(KeyValuePair.Create(id, at)); // unless it was seen again
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var late = new CancellationTokenSource(LastWrites.Least, clock); // the host's time may be used up
        await TryFlushAsync(late.Token);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, clock, stoppingToken);
            await TryFlushAsync(stoppingToken);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "What can't be written is written a minute later; nobody waits for it.")]
    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(EventId = 6501, Level = LogLevel.Warning, Message = "When service tokens were last used can't be written; trying again in a minute")]
    private partial void LogFailed(Exception failure);
}
