using System.Diagnostics.CodeAnalysis;
using Gatehouse.Store.Queues;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Bindings;

/// <summary>Has the scores written every few seconds.</summary>
internal sealed partial class ReputationWriter(ReputationBook book, TimeProvider clock, ILogger<ReputationWriter> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

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

    [SuppressMessage("Design", "CA1031", Justification = "Scores that can't be written are lost, and the log says so; nothing else waits for them.")]
    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await book.FlushAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(EventId = 6403, Level = LogLevel.Warning, Message = "Reputation scores can't be written; those of the last seconds are lost")]
    private partial void LogFailed(Exception failure);
}
