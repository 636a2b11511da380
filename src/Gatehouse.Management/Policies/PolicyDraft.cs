using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.Policies;

/// <summary>A policy as it shall be, whole.</summary>
internal sealed record PolicyDraft(string Name, PolicyAction Action, RuleSet Rules, TimeSpan? SessionDuration)
{
    /// <summary>Whether whom it admits has to say why.</summary>
    public bool PurposeRequired { get; init; }

    /// <summary>The text above that question.</summary>
    public string PurposePrompt { get; init; } = "";

    /// <summary>Whether whom it admits has to be approved.</summary>
    public bool ApprovalRequired { get; init; }

    /// <summary>Who may approve.</summary>
    public List<ApprovalGroup> ApprovalGroups { get; init; } = [];

    /// <summary>The second factor that it asks for; null means as the app or the organization says.</summary>
    public MfaRules? Mfa { get; init; }

    /// <summary>Cloudflare's limit.</summary>
    public static readonly TimeSpan LongestSession = TimeSpan.FromDays(31);

    /// <summary>What is wrong with it. <paramref name="path"/> leads to it in the body.</summary>
    public IEnumerable<Fault> Check(RuleBook book, string path)
    {
        if (SessionDuration > LongestSession)
        {
            yield return new Fault(path + "session_duration", "session duration must be between 0s and 744h");
        }

        if (Action != PolicyAction.Allow && (PurposeRequired || ApprovalRequired))
        {
            yield return new Fault(path + (PurposeRequired ? "purpose_justification_required" : "approval_required"), "only allow policies ask for a purpose or an approval");
        }

        if (Action != PolicyAction.Allow && Mfa is not null)
        {
            yield return new Fault(path + "mfa_config", "only allow policies ask for a second factor");
        }

        if (PurposeRequired && SessionDuration == TimeSpan.Zero)
        {
            yield return new Fault(path + "session_duration", "a purpose is kept with a session, and a session_duration of 0s keeps none");
        }

        if (ApprovalRequired && ApprovalGroups.Count == 0)
        {
            yield return new Fault(path + "approval_groups", "approval_required needs at least one of approval_groups");
        }

        foreach (var fault in book.Check(ApprovalGroups, path).Concat(book.Check(Mfa, path)).Concat(book.Check(Action, Rules, path)))
        {
            yield return fault;
        }
    }

    /// <summary>Whether <paramref name="policy"/> is like this already.</summary>
    public bool Describes(Policy policy) =>
        policy.Name == Name && policy.Action == Action && policy.SessionDuration == SessionDuration
        && policy.Include.SequenceEqual(Rules.Include) && policy.Exclude.SequenceEqual(Rules.Exclude) && policy.Require.SequenceEqual(Rules.Require)
        && policy.PurposeRequired == PurposeRequired && policy.PurposePrompt == PurposePrompt && policy.ApprovalRequired == ApprovalRequired
        && policy.Mfa == Mfa && policy.ApprovalGroups.Count == ApprovalGroups.Count && policy.ApprovalGroups.Zip(ApprovalGroups).All(g => AreAlike(g.First, g.Second));

    private static bool AreAlike(ApprovalGroup one, ApprovalGroup other) =>
        one.Needed == other.Needed && one.EmailListId == other.EmailListId && one.Emails.SequenceEqual(other.Emails);

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
        PurposeRequired = PurposeRequired,
        PurposePrompt = PurposePrompt,
        ApprovalRequired = ApprovalRequired,
        ApprovalGroups = ApprovalGroups,
        Mfa = Mfa,
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
        policy.PurposeRequired = PurposeRequired;
        policy.PurposePrompt = PurposePrompt;
        policy.ApprovalRequired = ApprovalRequired;
        policy.ApprovalGroups = ApprovalGroups;
        policy.Mfa = Mfa;
        policy.UpdatedAt = now;
    }
}
