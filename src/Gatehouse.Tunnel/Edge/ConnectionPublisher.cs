using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// Lets the other nodes know what is connected here, and closes here what was asked there. Looks every second for what has changed, so that a
/// thousand connectors that come at once are a few writes, and what could not be written is written later.
/// </summary>
internal sealed partial class ConnectionPublisher(
    ConnectionRegistry registry, IConnectionBook book, OtherNodes others, TimeProvider clock, ILogger<ConnectionPublisher> logger) : BackgroundService
{
    private const int LooksBetweenRenewals = 8; // three of which may fail within a lease

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private Dictionary<Guid, Said> written = [];
    private Dictionary<Guid, Said> now = []; // what is being looked at; kept, since there may be thousands
    private bool isAway;

    /// <summary>Renews the lease, hears of the others, and writes what has changed.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        if (!await book.RenewAsync(cancellationToken))
        {
            written.Clear();
        }

        others.Set(await book.ElsewhereAsync(cancellationToken));
        await WriteAsync(cancellationToken);
    }

    /// <summary>Writes what has changed, if anything has.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        now.Clear();
        var changed = new List<HeldConnection>();
        foreach (var connection in registry.Everyone)
        {
            var said = Said.Of(connection);
            if (connection.Registered is { } registered && now.TryAdd(connection.Id, said) && !(written.TryGetValue(connection.Id, out var before) && before == said))
            {
                changed.Add(Describe(connection, registered));
            }
        }

        var gone = written.Keys.Where(id => !now.ContainsKey(id)).ToList();
        if (changed.Count == 0 && gone.Count == 0)
        {
            return;
        }

        await book.WriteAsync(changed, gone, cancellationToken);
        (written, now) = (now, written);
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
        using var timer = new PeriodicTimer(Every, clock);
        for (var look = 0; ; look = (look + 1) % LooksBetweenRenewals)
        {
            if (!await TryAsync(look == 0, stoppingToken))
            {
                look = LooksBetweenRenewals - 1; // again at the next
            }

            await timer.WaitForNextTickAsync(stoppingToken);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The store may be away; the edge serves on, and the failure is logged.")]
    private async Task<bool> TryAsync(bool isRenewal, CancellationToken stopping)
    {
        try
        {
            await (isRenewal ? RenewAsync(stopping) : WriteAsync(stopping));
            isAway = false;
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            if (!isAway)
            {
                isAway = true;
                LogFailed(failure);
            }

            return false;
        }
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

    /// <summary>What of a connection may change.</summary>
    private readonly record struct Said(bool IsDraining, ConfigurationReply? Configuration, ReadOnlyMemory<byte> Local)
    {
        public static Said Of(EdgeConnection connection) => new(connection.IsDraining, connection.Configuration, connection.LocalConfiguration);
    }
}
