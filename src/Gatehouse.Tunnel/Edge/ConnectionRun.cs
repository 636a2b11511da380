using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tunnel.Edge;

/// <summary>The life of a connection: control stream, registration, service, drain, end.</summary>
internal sealed partial class ConnectionRun(
    ConnectionRegistry registry, TunnelNotes notes, Registrar registrar, ConfigurationPusher pusher, IOptions<EdgeOptions> options, TimeProvider clock, ILogger<ConnectionRun> logger)
{
    private const string Broken = "the line broke, or the connector ended without saying so";

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    /// <summary>Runs it to its end, however it comes. The connection is closed then; <paramref name="slot"/> is given back when it has registered.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a connector does ends its own connection and nothing else; it is logged.")]
    public async Task RunAsync(EdgeConnection connection, IDisposable slot, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, connection.Closed);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
        var watch = WatchAsync(connection, watching.Token);
        var why = "the edge stopped";
        try
        {
            why = await TalkAsync(connection, slot, either.Token);
        }
        catch (Exception fault)
        {
            if (!either.IsCancellationRequested)
            {
                var reason = Reason(connection, fault);
                LogLost(connection.Remote, connection.Registered, reason);
                why = (connection.Stream as GuardedStream)?.Fault is null ? Broken : reason;
            }
        }
        finally
        {
            registry.Remove(connection);
            if (connection.Registered is { } registered)
            {
                notes.Note(registered.TunnelId, new TunnelLoss(registered.ConnectorId, connection.Why ?? why, clock.GetUtcNow()));
            }

            await watching.CancelAsync();
            await watch;
            connection.Dispose();
            await connection.EndBeatAsync();
        }
    }

    /// <summary>Why it ended, if it did as it should.</summary>
    private async Task<string> TalkAsync(EdgeConnection connection, IDisposable slot, CancellationToken cancellationToken)
    {
        using var body = new DuplexContent(connection.Uploads, mayBeGivenUp: false);
        using var request = EdgeConnection.Request(HttpMethod.Get, "gatehouse.tunnel", TunnelHeaders.ControlStream);
        request.Content = body;
        using var early = new CancellationTokenSource(options.Value.RegisterTimeout, clock);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, early.Token);
        using var response = await connection.SendAsync(request, limited.Token);
        if ((int)response.StatusCode != 200)
        {
            throw new InvalidDataException($"the control stream was answered {(int)response.StatusCode}");
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var control = new ControlStream(
            stream,
            async (frame, cancel) => await body.Writer.WriteAsync(frame, cancel),
            asked => registrar.Decide(connection, asked))
        {
            OnRegistered = () =>
            {
                early.CancelAfter(Timeout.InfiniteTimeSpan);
                slot.Dispose();
                pusher.Wake();
            },
            OnLocalConfiguration = connection.TakeLocalConfiguration,
        };
        using var conversation = CancellationTokenSource.CreateLinkedTokenSource(limited.Token);
        var talking = control.RunAsync(conversation.Token);
        if (await Task.WhenAny(talking, connection.Retired) != talking)
        {
            // It says nothing of leaving, but takes no more. The line ends when it is done, and the connector opens another.
            LogRetired(connection.Registered, connection.Streams);
            try
            {
                await DrainAsync(connection, limited.Token);
            }
            finally
            {
                await conversation.CancelAsync();
                await ((Task)talking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return "it took no more requests; the connector opens another";
        }

        switch (await talking)
        {
            case ControlEnd.Unregistered:
                LogLeaving(connection.Registered, connection.Streams);
                await DrainAsync(connection, cancellationToken);
                return "the connector left";
            case ControlEnd.Refused:
                await Task.Delay(LastWords, clock, cancellationToken); // so that the answer is read before the line drops
                return Broken;
            default:
                return Broken;
        }
    }

    /// <summary>Lets requests under way finish, for a while.</summary>
    public async Task DrainAsync(EdgeConnection connection, CancellationToken cancellationToken)
    {
        connection.Drain();
        registry.Leave(connection);
        var began = clock.GetTimestamp();
        while (connection.Streams > 0 && clock.GetElapsedTime(began) < options.Value.DrainTimeout)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        }

        // What the connector still has to say about its own end.
        await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken);
    }

    private async Task WatchAsync(EdgeConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Pulse.Slow, clock);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (connection.Beat(cancellationToken) == Life.Gone)
                {
                    LogSilent(connection.Remote, connection.Registered);
                    connection.GiveUp("the connector stopped answering");
                    return;
                }

                var pace = connection.AreWaiting ? Pulse.Quick : Pulse.Slow;
                if (timer.Period != pace)
                {
                    timer.Period = pace;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is over.
        }
    }

    private static string Reason(EdgeConnection connection, Exception fault) =>
        (connection.Stream as GuardedStream)?.Fault is { } cut ? "cut off: " + cut
        : fault is OperationCanceledException ? "it did not register in time"
        : fault.GetBaseException().Message;

    [LoggerMessage(EventId = 4103, Level = LogLevel.Information, Message = "A tunnel connection from {Remote} was lost ({Who}): {Reason}")]
    private partial void LogLost(System.Net.IPAddress remote, Registration? who, string reason);

    [LoggerMessage(EventId = 4109, Level = LogLevel.Warning, Message = "A tunnel connection from {Remote} is given up ({Who}): its connector answers no pings")]
    private partial void LogSilent(System.Net.IPAddress remote, Registration? who);

    [LoggerMessage(EventId = 4111, Level = LogLevel.Information, Message = "Tunnel: a connection of {Who} takes no more requests; {Streams} are let finish")]
    private partial void LogRetired(Registration? who, int streams);

    [LoggerMessage(EventId = 4104, Level = LogLevel.Information, Message = "Tunnel: {Who} leaves; {Streams} requests are let finish")]
    private partial void LogLeaving(Registration? who, int streams);
}
