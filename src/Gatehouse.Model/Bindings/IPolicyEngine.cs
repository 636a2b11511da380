namespace Gatehouse.Model.Bindings;

/// <summary>Who is judged, and what is known about the request.</summary>
/// <param name="UserId">Integer key of the user; 0 for a visitor whom nobody knows yet.</param>
/// <param name="ClientIp">Null when it did not come by a request.</param>
/// <param name="Context">More facts that expressions may read, by name (<c>oauth_scopes</c>, <c>oauth_grant_type</c>); values are texts, numbers, truth values, lists and dictionaries (<c>IReadOnlyDictionary&lt;string, object&gt;</c>) of such.
/// Known to policies: <c>http_request</c> (path, method, user_agent), <c>prompt_data</c>, <c>flow_plan</c>, <c>event</c> (action, app, client_ip, context).</param>
public sealed record PolicySubject(int UserId, string? ClientIp, IReadOnlyDictionary<string, object> Context)
{
    /// <summary>Whether it is known that it is them. Of whoever was only named nothing is changed: a password that is too old ends when its owner comes.</summary>
    public bool IsProven { get; init; } = true;
}

/// <summary>What came of it.</summary>
/// <param name="IsPassing">Whether they may.</param>
/// <param name="Messages">What the person is told when they may not.</param>
/// <param name="Log">What an administrator reads: each binding and its result.</param>
public sealed record PolicyVerdict(bool IsPassing, IReadOnlyList<string> Messages, IReadOnlyList<string> Log)
{
    /// <summary>Whether a policy could not say, and its binding does not vouch for it: who skips something on a no must not skip it on this one.</summary>
    public bool HasFault { get; init; }
}

/// <summary>Judges people by the bindings (group, user, policy) of a target: an application, a flow, a stage binding.</summary>
public interface IPolicyEngine
{
    /// <summary>Judges all enabled bindings of the target in order. No bindings: everybody may. A fault: nobody.</summary>
    Task<PolicyVerdict> JudgeAsync(Guid targetId, PolicySubject subject, CancellationToken cancellationToken);
}
