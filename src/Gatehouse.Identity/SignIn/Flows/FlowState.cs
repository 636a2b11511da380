using Gatehouse.Identity.Mfa;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>How far a run has come. Written to the database as JSON; holds no secret.</summary>
internal sealed class FlowState
{
    /// <summary>Bindings that still have to run, in order.</summary>
    public List<Guid> Remaining { get; set; } = [];

    /// <summary>What was typed as name; null before identification.</summary>
    public string? Identifier { get; set; }

    /// <summary>Who that is; null when nobody, which the visitor must not learn.</summary>
    public int? UserId { get; set; }

    /// <summary>How it was proved (RFC 8176).</summary>
    public List<string> Amr { get; set; } = [];

    /// <summary>Which password was proved: hash of its kept hash; null before any was. The sign-in counts only while it is still the one.</summary>
    public string? PasswordMark { get; set; }

    /// <summary>Wrong passwords so far.</summary>
    public int WrongPasswords { get; set; }

    /// <summary>What is known about authenticators.</summary>
    public MfaState Mfa { get; set; } = new();
}
