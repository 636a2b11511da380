using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gatehouse.Model.Tunnels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Edge;

/// <summary>Hands on to the journal when tunnels come and go, without anyone waiting for it.</summary>
internal sealed partial class ActivityJournal(ITunnelJournal journal, ILogger<ActivityJournal> logger) : BackgroundService
{
    // What is dropped here is a time of day that nothing depends on.
    private readonly Channel<(Guid Tunnel, bool IsActive, DateTimeOffset At)> notes =
        Channel.CreateBounded<(Guid, bool, DateTimeOffset)>(new BoundedChannelOptions(4096) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Notes a change.</summary>
    public void Note(Guid tunnel, bool isActive, DateTimeOffset at) => notes.Writer.TryWrite((tunnel, isActive, at));

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "The journal may be away; the edge serves on, and the failure is logged.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (tunnel, isActive, at) in notes.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await journal.RecordAsync(tunnel, isActive, at, stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
    }

    [LoggerMessage(EventId = 4110, Level = LogLevel.Warning, Message = "When a tunnel was last in use can't be written down")]
    private partial void LogFailed(Exception failure);
}
