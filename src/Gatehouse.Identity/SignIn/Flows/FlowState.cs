using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Identity.Mfa;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>How far a run has come. Written to the database as JSON; holds no secret.</summary>
internal sealed class FlowState
{
    /// <summary>Bindings that still have to run, in order.</summary>
    public List<Guid> Remaining { get; set; } = [];

    /// <summary>Stages that it has left behind, in order.</summary>
    public List<PassedStage> Passed { get; set; } = [];

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

    /// <summary>What was answered to prompts, by field key. Passwords are not among them.</summary>
    public Dictionary<string, JsonElement> Data { get; set; } = [];

    /// <summary>What an invitation fixed: it outweighs <see cref="Data"/>.</summary>
    public Dictionary<string, JsonElement> Fixed { get; set; } = [];

    /// <summary>Whether what was proved is enough to act as the user: a passkey that was only touched wants another proof beside it, since whoever finds it can touch it.</summary>
    [JsonIgnore]
    public bool IsProved => Amr.Exists(a => a != "user") || (Amr.Count > 0 && Mfa.IsPasskeyVerified);

    /// <summary>Hash of the password that was chosen, as it will be kept; null means none was.</summary>
    public string? NewPasswordHash { get; set; }

    /// <summary>The invitation that was shown; used up when the user is made.</summary>
    public Guid? InvitationId { get; set; }

    /// <summary>Whether the run went on from a link that only the person could open.</summary>
    public bool IsLinked { get; set; }

    /// <summary>Whether the person has agreed to what the application asks for.</summary>
    public bool HasConsented { get; set; }

    /// <summary>Stages that have sent their link.</summary>
    public List<Guid> Sent { get; set; } = [];

    /// <summary>Whether the person wants to stay signed in; null before they were asked.</summary>
    public bool? RememberMe { get; set; }

    /// <summary>Where to go at the end, of the run that sent the link; null means the query says.</summary>
    public string? Next { get; set; }

    /// <summary>Leaves the current stage behind.</summary>
    public void Pass()
    {
        Passed.Add(new PassedStage(Remaining[0]) { Identifier = Identifier, UserId = UserId, Amr = [.. Amr] });
        Remaining.RemoveAt(0);
    }
}

/// <summary>A stage that a run has left behind, and who was known afterwards.</summary>
internal sealed record PassedStage(Guid Binding)
{
    public string? Identifier { get; init; }

    public int? UserId { get; init; }

    public List<string> Amr { get; init; } = [];
}
