using System.Collections.Concurrent;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Lets everybody in, but those a test denies.</summary>
internal sealed class FakePolicies : IPolicyEngine
{
    /// <summary>Pairs of target and user that are denied.</summary>
    public ConcurrentDictionary<(Guid Target, int UserId), string> Denied { get; } = new();

    /// <summary>What was asked.</summary>
    public ConcurrentQueue<(Guid Target, PolicySubject Subject)> Asked { get; } = new();

    public Task<PolicyVerdict> JudgeAsync(Guid targetId, PolicySubject subject, CancellationToken cancellationToken)
    {
        Asked.Enqueue((targetId, subject));
        return Task.FromResult(Denied.TryGetValue((targetId, subject.UserId), out var message)
            ? new PolicyVerdict(false, [message], [])
            : new PolicyVerdict(true, [], []));
    }
}

/// <summary>Keeps events in memory.</summary>
internal sealed class FakeEvents : IEventLog
{
    public ConcurrentQueue<NewEvent> Written { get; } = new();

    public IEnumerable<NewEvent> Of(string action) => Written.Where(e => e.Action == action);

    public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        Written.Enqueue(happened);
        return Task.CompletedTask;
    }

    public void Enqueue(NewEvent happened) => Written.Enqueue(happened);
}
