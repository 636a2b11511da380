using System.Text.Json;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Wire;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector;

/// <summary>What all connections of a connector share: who it is, its rules, its counts.</summary>
internal sealed partial class ConnectorState : IDisposable
{
    private readonly Lock gate = new();
    private readonly ILogger<ConnectorState> logger;
    private readonly CancellationTokenSource leaving = new();
    private volatile Rules rules;

    /// <summary>Begins with the rules it was given.</summary>
    /// <exception cref="InvalidDataException">They can't be read; says all that is wrong.</exception>
    public ConnectorState(ConnectorOptions options, ILogger<ConnectorState> logger)
    {
        this.logger = logger;
        Options = options;
        rules = new Rules(-1, IngressTable.Empty);
        if (options.LocalConfiguration is { } own)
        {
            var faults = new List<IngressFault>();
            rules = new Rules(0, Parse(own, faults));
            if (faults.Count > 0)
            {
                throw new InvalidDataException(string.Join("; ", faults.Select(f => $"{f.Field}: {f.Text}")));
            }
        }
    }

    /// <summary>As given.</summary>
    public ConnectorOptions Options { get; }

    /// <summary>Random for each process.</summary>
    public Guid Id { get; } = new(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    /// <summary>Where requests lead now.</summary>
    public IngressTable Ingress => rules.Table;

    /// <summary>The number of the rules; -1 before the first came.</summary>
    public int Number => rules.Number;

    /// <summary>Signalled when it is to unregister and end.</summary>
    public CancellationToken Leaving => leaving.Token;

    /// <summary>Completes when the first connection ever is registered; the others wait for it.</summary>
    public TaskCompletionSource FirstRegistered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when there are rules.</summary>
    public TaskCompletionSource Configured { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The connections by index.</summary>
    public LinkPace[] Links { get; init; } = [];

    /// <summary>How many connections are registered now.</summary>
    public int Ready => Links.Count(l => l.IsServing);

    /// <summary>Counts.</summary>
    public ConnectorCounts Counts { get; } = new();

    /// <summary>Begins the end.</summary>
    public Task LeaveAsync() => leaving.CancelAsync();

    /// <inheritdoc/>
    public void Dispose() => leaving.Dispose();

    /// <summary>Takes a configuration that was pushed, if it is newer and right. The swap is whole: requests see the old rules or the new.</summary>
    public ConfigurationReply Apply(ConfigurationPush push)
    {
        lock (gate)
        {
            if (push.Number <= rules.Number)
            {
                return new ConfigurationReply(rules.Number, null);
            }

            var faults = new List<IngressFault>();
            var table = Parse(push.Json, faults);
            CheckFiles(table, faults);
            if (faults.Count > 0)
            {
                var text = string.Join("; ", faults.Select(f => $"{f.Field}: {f.Text}"));
                LogRefused(push.Number, text);
                return new ConfigurationReply(rules.Number, text);
            }

            rules = new Rules(push.Number, table);
            Configured.TrySetResult();
            LogApplied(push.Number, table.Rules.Length);
            return new ConfigurationReply(push.Number, null);
        }
    }

    // Where rules may not lead to sockets of this machine, they name no files of it either. Those who run it may, in rules of their own.
    private void CheckFiles(IngressTable table, List<IngressFault> faults)
    {
        if (Options.AllowedOrigins is not null && table.Rules.Any(r => r.Settings.CaPool.Length > 0))
        {
            faults.Add(new IngressFault("originRequest.caPool", "names a file of the connector's machine, which its --allow-origins leaves out"));
        }
    }

    private static IngressTable Parse(string json, List<IngressFault> faults)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return IngressReader.Read(document.RootElement, faults);
        }
        catch (JsonException fault)
        {
            faults.Add(new IngressFault("config", fault.Message));
            return IngressTable.Empty;
        }
    }

    [LoggerMessage(EventId = 4210, Level = LogLevel.Information, Message = "Configuration {Number} is in force: {Rules} rules")]
    private partial void LogApplied(int number, int rules);

    [LoggerMessage(EventId = 4211, Level = LogLevel.Error, Message = "Configuration {Number} was refused: {Reason}")]
    private partial void LogRefused(int number, string reason);

    private sealed record Rules(int Number, IngressTable Table);
}

/// <summary>What a connector counts.</summary>
internal sealed class ConnectorCounts
{
    private readonly long[] byStatus = new long[1000];
    private long requests;
    private long failures;
    private long active;

    public long Requests => Interlocked.Read(ref requests);

    public long Failures => Interlocked.Read(ref failures);

    public long Active => Interlocked.Read(ref active);

    /// <summary>How often each status was answered.</summary>
    public IEnumerable<(int Status, long Count)> ByStatus => byStatus.Select((count, status) => (status, count)).Where(s => s.count > 0);

    public void Begin()
    {
        Interlocked.Increment(ref requests);
        Interlocked.Increment(ref active);
    }

    public void End(int status, bool isFailure)
    {
        Interlocked.Decrement(ref active);
        Interlocked.Increment(ref byStatus[Math.Clamp(status, 0, byStatus.Length - 1)]);
        if (isFailure)
        {
            Interlocked.Increment(ref failures);
        }
    }
}
