using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// Lets the other nodes know what is connected here, and closes here what was asked there. Looks every second for what has changed, so that a
/// thousand connectors that come at once are a few writes. What the book holds is read again every eight seconds: whatever became of a write
/// that failed, it is mended then.
/// </summary>
internal sealed partial class ConnectionPublisher(
    ConnectionRegistry registry, IConnectionBook book, OtherNodes others, TimeProvider clock, ILogger<ConnectionPublisher> logger) : BackgroundService
{
    private const int LooksBetweenRenewals = 8; // three of which may fail within a lease
    private const int LongestPause = 8;

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    // What the book holds, as far as is known; null: something of that connection.
    private readonly Dictionary<Guid, Said?> written = [];

    // What it took in no case; not tried again before the next renewal.
    private readonly Dictionary<Guid, Said> refused = [];
    private bool isAway;

    /// <summary>How many connections are written at once. What connectors brought makes them large.</summary>
    internal int Batch { get; init; } = 100;

    /// <summary>How long to wait after so many failures in a row.</summary>
    internal static TimeSpan PauseAfter(int failures) => TimeSpan.FromSeconds(Math.Min(1 << Math.Clamp(failures - 1, 0, 10), LongestPause));

    /// <summary>Renews the lease, hears of the others, and makes what is written down what is connected.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        var held = (await book.RenewAsync(cancellationToken)).ToHashSet();
        foreach (var lost in written.Keys.Where(id => !held.Contains(id)).ToList())
        {
            written.Remove(lost);
        }

        foreach (var id in held)
        {
            written.TryAdd(id, null);
        }

        others.Set(await book.ElsewhereAsync(cancellationToken));
        await WriteAsync(triesAgain: true, cancellationToken);
    }

    /// <summary>Writes what has changed, if anything has.</summary>
    public Task WriteAsync(CancellationToken cancellationToken) => WriteAsync(triesAgain: false, cancellationToken);

    // What is done stays done when a later batch fails.
    private async Task WriteAsync(bool triesAgain, CancellationToken cancellationToken)
    {
        var now = new HashSet<Guid>();
        var changed = new List<(HeldConnection Row, Said Said)>();
        foreach (var connection in registry.Everyone)
        {
            if (connection.Registered is { } registered && now.Add(connection.Id))
            {
                var said = Said.Of(connection);
                if (written.GetValueOrDefault(connection.Id) != said && (triesAgain || !refused.TryGetValue(connection.Id, out var vain) || vain != said))
                {
                    changed.Add((Describe(connection, registered), said));
                }
            }
        }

        foreach (var gone in written.Keys.Where(id => !now.Contains(id)).Chunk(Batch).ToList())
        {
            await book.RemoveAsync(gone, cancellationToken);
            Array.ForEach(gone, id => written.Remove(id));
        }

        foreach (var id in refused.Keys.Where(id => !now.Contains(id)).ToList())
        {
            refused.Remove(id);
        }

        foreach (var batch in changed.Chunk(Batch))
        {
            Note(batch, await book.WriteAsync([.. batch.Select(b => b.Row)], cancellationToken));
        }
    }

    private void Note((HeldConnection Row, Said Said)[] batch, IReadOnlyDictionary<Guid, Exception> failures)
    {
        foreach (var (row, said) in batch)
        {
            if (!failures.TryGetValue(row.Id, out var failure))
            {
                written[row.Id] = said;
                refused.Remove(row.Id);
                continue;
            }

            if (!refused.ContainsKey(row.Id))
            {
                LogRefused(failure, row.Id, row.TunnelId);
            }

            refused[row.Id] = said;
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "The store may be away; the edge serves on, and the others hear of it later.")]
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (!book.IsShared)
        {
            return;
        }

        using var late = new CancellationTokenSource(LastWords, clock); // the host's time may be used up
        try
        {
            await book.LeaveAsync(late.Token);
        }
        catch (Exception failure)
        {
            LogFailed(failure);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!book.IsShared)
        {
            return;
        }

        using var closing = book.OnClosing(registry.Close);
        for (int look = 0, failures = 0; ; look = (look + 1) % LooksBetweenRenewals)
        {
            failures = await TryAsync(look == 0, stoppingToken) ? 0 : failures + 1;
            if (failures > 0)
            {
                look = LooksBetweenRenewals - 1; // the next begins with what is written down
            }

            await Task.Delay(PauseAfter(failures), clock, stoppingToken);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The store may be away; the edge serves on, and the failure is logged.")]
    private async Task<bool> TryAsync(bool isRenewal, CancellationToken stopping)
    {
        try
        {
            await (isRenewal ? RenewAsync(stopping) : WriteAsync(stopping));
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            if (!isAway)
            {
                isAway = true;
                LogFailed(failure);
            }

            return false;
        }

        if (isAway)
        {
            isAway = false;
            LogBack();
        }

        return true;
    }

    private HeldConnection Describe(EdgeConnection connection, Registration registered) => new()
    {
        Id = connection.Id,
        NodeId = book.Node,
        TunnelId = registered.TunnelId,
        ConnectorId = registered.ConnectorId,
        Index = registered.Index,
        OpenedAt = connection.OpenedAt,
        OriginIp = connection.Remote.ToString(),
        Location = connection.Location,
        ConnectorVersion = registered.Version,
        Arch = registered.Arch,
        Features = [.. registered.Features],
        IsDraining = connection.IsDraining,
        ConfigurationNumber = connection.Configuration is { Number: > 0 } running ? running.Number : null, // before the first they say 0 or less
        ConfigurationFault = connection.Configuration?.Fault,
        LocalConfiguration = connection.LocalConfiguration.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(connection.LocalConfiguration.Span),
    };

    [LoggerMessage(EventId = 4112, Level = LogLevel.Warning, Message = "What is connected here can't be written down; other nodes do not know of it until it is")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(EventId = 4113, Level = LogLevel.Information, Message = "What is connected here is written down again")]
    private partial void LogBack();

    [LoggerMessage(EventId = 4114, Level = LogLevel.Warning, Message = "Connection {Connection} of tunnel {Tunnel} can't be written down; other nodes do not know of it")]
    private partial void LogRefused(Exception failure, Guid connection, Guid tunnel);

    /// <summary>What of a connection may change.</summary>
    private readonly record struct Said(bool IsDraining, ConfigurationReply? Configuration, ReadOnlyMemory<byte> Local)
    {
        public static Said Of(EdgeConnection connection) => new(connection.IsDraining, connection.Configuration, connection.LocalConfiguration);
    }
}
