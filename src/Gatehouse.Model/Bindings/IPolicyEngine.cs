namespace Gatehouse.Model.Bindings;

/// <summary>Who is judged, and what is known about the request.</summary>
/// <param name="UserId">Integer key of the user.</param>
/// <param name="ClientIp">Null when it did not come by a request.</param>
/// <param name="Context">More facts that expressions may read, by name (<c>oauth_scopes</c>, <c>oauth_grant_type</c>); values are text or lists of text.</param>
public sealed record PolicySubject(int UserId, string? ClientIp, IReadOnlyDictionary<string, object> Context);

/// <summary>What came of it.</summary>
/// <param name="IsPassing">Whether they may.</param>
/// <param name="Messages">What the person is told when they may not.</param>
/// <param name="Log">What an administrator reads: each binding and its result.</param>
public sealed record PolicyVerdict(bool IsPassing, IReadOnlyList<string> Messages, IReadOnlyList<string> Log);

/// <summary>Judges people by the bindings (group, user, policy) of a target: an application, a flow, a stage binding.</summary>
public interface IPolicyEngine
{
    /// <summary>Judges all enabled bindings of the target in order. No bindings: everybody may. A fault: nobody.</summary>
    Task<PolicyVerdict> JudgeAsync(Guid targetId, PolicySubject subject, CancellationToken cancellationToken);
}
