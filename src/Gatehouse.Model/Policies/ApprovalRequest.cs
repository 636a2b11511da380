namespace Gatehouse.Model.Policies;

/// <summary>Somebody asks to be let in for a time, and what the approvers said.</summary>
public sealed class ApprovalRequest
{
    /// <summary>The longest time an approval may be for; Cloudflare's limit.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Random: whoever knows it and is an approver may answer.</summary>
    public required Guid Id { get; init; }

    /// <summary>The app that was asked for.</summary>
    public required Guid AppId { get; init; }

    /// <summary>The policy that asks for approval.</summary>
    public required Guid PolicyId { get; init; }

    /// <summary>Canonical address of who asks.</summary>
    public required string Email { get; init; }

    /// <summary>Why, in their words.</summary>
    public required string Purpose { get; init; }

    /// <summary>The approvals so far, each approver once.</summary>
    public List<Approval> Approvals { get; set; } = [];

    /// <summary>Who refused; null means nobody.</summary>
    public string? RefusedBy { get; set; }

    /// <summary>Until when they may enter; null means not approved, or not yet.</summary>
    public DateTimeOffset? ApprovedUntil { get; set; }

    /// <summary>When they asked.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>An answer after this counts for nothing.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>One approver's yes.</summary>
/// <param name="Email">Canonical address of the approver.</param>
/// <param name="At">When.</param>
/// <param name="Seconds">For how long; the shortest of all counts.</param>
public sealed record Approval(string Email, DateTimeOffset At, long Seconds);
