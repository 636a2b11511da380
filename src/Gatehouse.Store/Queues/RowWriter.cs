using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Queues;

/// <summary>Writes queued rows in batches. While the database is away they wait; those the queue can't hold are counted and named in the log.</summary>
internal sealed partial class RowWriter<T>(RowQueue<T> rows, TimeProvider clock, ILogger<RowWriter<T>> logger) : BackgroundService
    where T : class
{
    private const int LargestBatch = 256;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMinutes(1);

    private DateTimeOffset reportedAt = DateTimeOffset.MinValue;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Closing lets the loop drain the queue and end by itself.
        rows.Close();
        if (ExecuteTask is { } running)
        {
            await LastWrites.WaitAsync(running, clock, cancellationToken);
        }

        await base.StopAsync(cancellationToken);
        Report(clock.GetUtcNow());
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<T>(LargestBatch);
        while (await rows.Waiting.WaitToReadAsync(stoppingToken))
        {
            while (batch.Count < LargestBatch && rows.Waiting.TryRead(out var record))
            {
                batch.Add(record);
            }

            while (!await TryWriteAsync(batch, stoppingToken))
            {
                await Task.Delay(RetryAfter, clock, stoppingToken);
            }

            batch.Clear();
            if (clock.GetUtcNow() is var now && now - reportedAt >= ReportEvery)
            {
                Report(now);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps the batch from being written, it waits and is tried again; the failure is logged.")]
    private async Task<bool> TryWriteAsync(List<T> batch, CancellationToken stopping)
    {
        try
        {
            if (!await TryWholeAsync(batch, stopping))
            {
                foreach (var record in batch)
                {
                    await TryWholeAsync([record], stopping);
                }
            }

            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogNotWritten(failure, batch.Count, typeof(T).Name);
            return false;
        }
    }

    // False when a record is there already: its batch was committed while the answer got lost, or it was queued twice.
    private async Task<bool> TryWholeAsync(List<T> records, CancellationToken stopping)
    {
        try
        {
            await rows.WriteAsync(records, stopping);
            return true;
        }
        catch (DbUpdateException failure) when (UniqueViolation.Is(failure))
        {
            return false;
        }
    }

    private void Report(DateTimeOffset now)
    {
        if (rows.TakeDropped() is > 0 and var count)
        {
            reportedAt = now;
            LogDropped(count, typeof(T).Name);
        }
    }

    [LoggerMessage(EventId = 6201, Level = LogLevel.Error, Message = "{Count} rows of {Kind} can't be written; trying again")]
    private partial void LogNotWritten(Exception failure, int count, string kind);

    [LoggerMessage(EventId = 6202, Level = LogLevel.Warning, Message = "{Count} rows of {Kind} were dropped: more came than could be written")]
    private partial void LogDropped(long count, string kind);
}
