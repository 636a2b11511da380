namespace Gatehouse.Model.Bindings;

/// <summary>A password that somebody wants to have. A class: records print their members.</summary>
public sealed class NewPassword(string password)
{
    /// <summary>As typed.</summary>
    public string Password => password;

    /// <summary>Whose; null when the user is only being made.</summary>
    public int? UserId { get; init; }

    /// <summary>What else was typed (username, name, email): a password that repeats it is weak.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Policies that a stage names besides those that hold everywhere.</summary>
    public IReadOnlyCollection<Guid> PolicyIds { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => "***";
}

/// <summary>Says what is wrong with a new password.</summary>
public interface IPasswordRules
{
    /// <summary>
    /// What is wrong, for people; empty when nothing is. Asked are the policies that are bound to the default brand (they hold wherever a
    /// password is set) and those that <paramref name="wanted"/> names; each has to pass, and one that faults does not.
    /// </summary>
    Task<IReadOnlyList<string>> FaultsAsync(NewPassword wanted, CancellationToken cancellationToken);
}

/// <summary>Keeps count of sign-ins that failed and worked.</summary>
public interface IReputation
{
    /// <summary>Notes one. Never waits; a flood costs counts, not memory.</summary>
    void Note(string identifier, System.Net.IPAddress address, bool isSuccess);
}
