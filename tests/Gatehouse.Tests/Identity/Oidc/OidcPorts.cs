using System.Collections.Concurrent;
using Gatehouse.Model.Bindings;

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
