using System.Collections.Concurrent;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>Asks the real engine, but for those a test denies.</summary>
internal sealed class FakePolicies : IPolicyEngine
{
    /// <summary>The real one.</summary>
    public IPolicyEngine? Engine { get; set; }

    /// <summary>Pairs of target and user that are denied.</summary>
    public ConcurrentDictionary<(Guid Target, int UserId), string> Denied { get; } = new();

    /// <summary>What was asked.</summary>
    public ConcurrentQueue<(Guid Target, PolicySubject Subject)> Asked { get; } = new();

    public Task<PolicyVerdict> JudgeAsync(Guid targetId, PolicySubject subject, CancellationToken cancellationToken)
    {
        Asked.Enqueue((targetId, subject));
        return Denied.TryGetValue((targetId, subject.UserId), out var message)
            ? Task.FromResult(new PolicyVerdict(false, [message], []))
            : Engine!.JudgeAsync(targetId, subject, cancellationToken); // set by the host
    }
}
