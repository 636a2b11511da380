namespace Gatehouse.Model.Policies;

/// <summary>What a policy does with a visitor whom it matches.</summary>
public enum PolicyAction
{
    /// <summary>Admits someone who signed in.</summary>
    Allow,

    /// <summary>Refuses someone who signed in.</summary>
    Deny,

    /// <summary>Lets the request through without any check or token.</summary>
    Bypass,

    /// <summary>Admits a request that proves itself without a person signing in (Cloudflare's Service Auth).</summary>
    NonIdentity,
}

/// <summary>An access policy: met when any include, every require and no exclude rule is met.</summary>
public sealed class Policy
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Shown in the console and in explanations.</summary>
    public required string Name { get; set; }

    /// <summary>What happens to a visitor whom it matches.</summary>
    public required PolicyAction Action { get; set; }

    /// <summary>At least one of these must be met.</summary>
    public required List<Rule> Include { get; set; }

    /// <summary>None of these may be met.</summary>
    public List<Rule> Exclude { get; set; } = [];

    /// <summary>All of these must be met.</summary>
    public List<Rule> Require { get; set; } = [];

    /// <summary>Overrides the app's session duration; null means the app's.</summary>
    public TimeSpan? SessionDuration { get; set; }

    /// <summary>Whether whom it admits has to say why, once per session.</summary>
    public bool PurposeRequired { get; set; }

    /// <summary>The text above that question; empty means our own.</summary>
    public string PurposePrompt { get; set; } = "";

    /// <summary>Whether whom it admits has to be let in by somebody else, for a time.</summary>
    public bool ApprovalRequired { get; set; }

    /// <summary>Who may let people in; each group has to give as many approvals as it says.</summary>
    public List<ApprovalGroup> ApprovalGroups { get; set; } = [];

    /// <summary>The second factor that is asked of whom it admits; null means as the app or the organization says.</summary>
    public MfaRules? Mfa { get; set; }

    /// <summary>Whether many apps may share it; false means it belongs to one app and goes with it.</summary>
    public bool IsReusable { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>People of whom some have to approve.</summary>
/// <param name="Needed">How many of them; at least 1.</param>
/// <param name="Emails">Canonical addresses.</param>
/// <param name="EmailListId">A list with more of them; null means none.</param>
public sealed record ApprovalGroup(int Needed, IReadOnlyList<string> Emails, Guid? EmailListId);

/// <summary>A named set of rules that policies refer to: Cloudflare's Access group.</summary>
public sealed class RuleGroup
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Shown in the console and in explanations.</summary>
    public required string Name { get; set; }

    /// <summary>At least one of these must be met.</summary>
    public required List<Rule> Include { get; set; }

    /// <summary>None of these may be met.</summary>
    public List<Rule> Exclude { get; set; } = [];

    /// <summary>All of these must be met.</summary>
    public List<Rule> Require { get; set; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
