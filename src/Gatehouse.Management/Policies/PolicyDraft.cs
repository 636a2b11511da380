using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.Policies;

/// <summary>A policy as it shall be, whole.</summary>
internal sealed record PolicyDraft(string Name, PolicyAction Action, RuleSet Rules, TimeSpan? SessionDuration)
{
    /// <summary>Cloudflare's limit.</summary>
    public static readonly TimeSpan LongestSession = TimeSpan.FromDays(31);

    /// <summary>What is wrong with it. <paramref name="path"/> leads to it in the body.</summary>
    public IEnumerable<Fault> Check(RuleBook book, string path)
    {
        if (SessionDuration > LongestSession)
        {
            yield return new Fault(path + "session_duration", "session duration must be between 0s and 744h");
        }

        foreach (var fault in book.Check(Action, Rules, path))
        {
            yield return fault;
        }
    }

    /// <summary>Whether <paramref name="policy"/> is like this already.</summary>
    public bool Describes(Policy policy) =>
        policy.Name == Name && policy.Action == Action && policy.SessionDuration == SessionDuration
        && policy.Include.SequenceEqual(Rules.Include) && policy.Exclude.SequenceEqual(Rules.Exclude) && policy.Require.SequenceEqual(Rules.Require);

    /// <summary>A new policy like this.</summary>
    public Policy Make(bool isReusable, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Name = Name,
        Action = Action,
        Include = Rules.Include,
        Exclude = Rules.Exclude,
        Require = Rules.Require,
        SessionDuration = SessionDuration,
        IsReusable = isReusable,
        CreatedAt = now,
        UpdatedAt = now,
    };

    /// <summary>Makes <paramref name="policy"/> like this.</summary>
    public void ApplyTo(Policy policy, DateTimeOffset now)
    {
        policy.Name = Name;
        policy.Action = Action;
        policy.Include = Rules.Include;
        policy.Exclude = Rules.Exclude;
        policy.Require = Rules.Require;
        policy.SessionDuration = SessionDuration;
        policy.UpdatedAt = now;
    }
}
