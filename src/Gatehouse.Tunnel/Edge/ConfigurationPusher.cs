using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Edge;

/// <summary>Keeps connections in step with the table: pushes configurations, and cuts off those whose tunnel is gone or has another secret.</summary>
internal sealed partial class ConfigurationPusher(
    ISnapshot<AccessTable> tables, ConnectionRegistry registry, TunnelNotes notes, TimeProvider clock, ILogger<ConfigurationPusher> logger) : BackgroundService
{
    private const int LargestReply = 16 * 1024;

    private static readonly TimeSpan LongestPush = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Looks soon.</summary>
    public void Wake() => woken.Writer.TryWrite(true);

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2025", Justification = "Whoever runs a connection disposes of it; a push on it fails then.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var subscription = tables.OnSwap(table =>
        {
            CutOff(table); // here and now: it waits for nobody
            Wake();
        });
        var pushes = new Dictionary<Guid, Task>(); // by connector; one at a time, and none waits for another's
        try
        {
            for (; ; )
            {
                await WaitAsync(stoppingToken);
                var table = tables.Current;
                CutOff(table); // those who registered in the moment of the swap
                foreach (var done in pushes.Where(p => p.Value.IsCompleted).Select(p => p.Key).ToList())
                {
                    pushes.Remove(done);
                }

                foreach (var (connection, push) in Due(table))
                {
                    var connector = connection.Registered!.ConnectorId; // set: it is in the registry
                    if (!pushes.ContainsKey(connector))
                    {
                        pushes[connector] = PushAsync(connection, push, stoppingToken);
                    }
                }
            }
        }
        finally
        {
            await Task.WhenAll(pushes.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // cancelled, all of them
        }
    }

    // A push that failed is tried again without anyone waking us.
    private async Task WaitAsync(CancellationToken stopping)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(woken.Reader.WaitToReadAsync(wait.Token).AsTask(), Task.Delay(RetryAfter, clock, wait.Token));
        await wait.CancelAsync();
        stopping.ThrowIfCancellationRequested();
        woken.Reader.TryRead(out _);
    }

    // Those too that have said that they go: their last requests are nobody's any more.
    private void CutOff(AccessTable table)
    {
        notes.Forget(id => table.Tunnels.GetValueOrDefault(id) is { IsDeleted: false });
        foreach (var connection in registry.Everyone)
        {
            if (connection.Registered is { } registered && Registrar.FaultOf(table, registered) is { } fault)
            {
                LogCutOff(registered, fault);
                connection.GiveUp(fault);
            }
        }
    }

    // A configuration is for the whole process: one connection of each connector brings it.
    private List<(EdgeConnection Connection, ConfigurationPush Push)> Due(AccessTable table)
    {
        var due = new List<(EdgeConnection, ConfigurationPush)>();
        foreach (var tunnel in registry.All.GroupBy(c => c.Registered!.TunnelId)) // set: it is in the registry
        {
            if (table.Tunnels.GetValueOrDefault(tunnel.Key)?.Configuration is not { } wanted)
            {
                continue;
            }

            foreach (var connector in tunnel.GroupBy(c => c.Registered!.ConnectorId)) // as above
            {
                var offered = connector.Max(c => c.Offered ?? -1); // what was refused is not pushed for ever
                var bearer = connector.FirstOrDefault(c => !c.IsDraining && c.Registered!.Features.Contains(TunnelHeaders.AllowRemoteConfig)); // as above
                if (bearer is not null && offered < wanted.Number)
                {
                    due.Add((bearer, new ConfigurationPush(wanted.Number, wanted.Json)));
                }
            }
        }

        return due;
    }

    [SuppressMessage("Design", "CA1031", Justification = "A connector that can't be told is told again; the failure is logged.")]
    private async Task PushAsync(EdgeConnection connection, ConfigurationPush push, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(LongestPush, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, late.Token, connection.Closed);
        try
        {
            using var request = EdgeConnection.Request(HttpMethod.Put, "gatehouse.tunnel", TunnelHeaders.UpdateConfiguration);
            request.Content = new ByteArrayContent(push.ToBody());
            using var response = await connection.SendAsync(request, either.Token);
            var reply = (int)response.StatusCode == 200 ? ConfigurationReply.Read(await ReadAsync(response, either.Token)) : null;
            if (reply is null)
            {
                LogNotTaken(connection.Registered!.ToString(), push.Number, $"it answered {(int)response.StatusCode}"); // set: it is in the registry
                return;
            }

            (connection.Configuration, connection.Offered) = (reply, push.Number);
            Wake(); // a newer one may have come meanwhile
            if (reply.Fault is null)
            {
                LogTaken(connection.Registered, reply.Number);
            }
            else
            {
                LogNotTaken(connection.Registered!.ToString(), push.Number, reply.Fault); // as above
            }
        }
        catch (Exception fault) when (!stopping.IsCancellationRequested)
        {
            LogNotTaken(connection.Registered?.ToString() ?? "", push.Number, fault.GetBaseException().Message);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LargestReply];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return buffer.AsMemory(0, read);
    }

    [LoggerMessage(EventId = 4105, Level = LogLevel.Information, Message = "Tunnel: {Who} runs configuration {Number} now")]
    private partial void LogTaken(Registration? who, int number);

    [LoggerMessage(EventId = 4106, Level = LogLevel.Warning, Message = "Tunnel: {Who} did not take configuration {Number}: {Reason}")]
    private partial void LogNotTaken(string who, int number, string reason);

    [LoggerMessage(EventId = 4107, Level = LogLevel.Information, Message = "Tunnel: {Who} is cut off: {Reason}")]
    private partial void LogCutOff(Registration who, string reason);
}
