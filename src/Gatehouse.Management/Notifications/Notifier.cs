using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Events;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Notifications;

/// <summary>Judges events as they come and sends what follows from them.</summary>
internal sealed partial class Notifier(
    JudgeEvents judge, DeliverNotifications deliver, EventSignal signal, TimeProvider clock, ILogger<Notifier> logger) : BackgroundService
{
    // For what other nodes wrote, and for what is tried again.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>Judges and sends until nothing is left to do now.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (await judge.RunAsync(cancellationToken) > 0)
        {
        }

        while (await deliver.RunAsync(cancellationToken) > 0)
        {
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever fails is logged and tried again: events and deliveries wait in the database.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(LookEvery, clock, stoppingToken);
                await DrainAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
    }

    [LoggerMessage(EventId = 5203, Level = LogLevel.Error, Message = "Events can't be judged or notifications sent; trying again")]
    private partial void LogFailed(Exception failure);
}
