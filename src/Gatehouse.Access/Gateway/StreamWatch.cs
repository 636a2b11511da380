using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// Judges running streams again. A request is judged when it begins, but a WebSocket may run for weeks: it must not outlive its token, nor the
/// policies that admitted it.
/// </summary>
internal sealed partial class StreamWatch(LiveStreams streams, Decide decide, ISnapshot<AccessTable> tables, TimeProvider clock, ILogger<StreamWatch> logger) : BackgroundService
{
    // Most are settled in memory; the others wait for the store.
    private const int MostAtOnce = 8;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private Task LookAsync(CancellationToken cancellationToken)
    {
        var table = tables.Current;
        var now = clock.GetUtcNow();
        return Parallel.ForEachAsync(
            streams.Running.Where(s => !ReferenceEquals(s.Passage.JudgedUnder, table) || s.Passage.GoodUntil <= now),
            new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken },
            (stream, cancel) => LookAsync(stream, table, cancel));
    }

    private async ValueTask LookAsync(LiveStreams.Stream stream, AccessTable table, CancellationToken cancellationToken)
    {
        if (!await decide.StillAsync(stream.Passage, table, cancellationToken) && stream.Request.EndSessionSoon())
        {
            LogCut(stream.Passage.Host);
        }
    }

    [LoggerMessage(EventId = 3106, Level = LogLevel.Information, Message = "A stream of {Host} was cut: its token has ended, or nothing admits it any more")]
    private partial void LogCut(string host);
}
