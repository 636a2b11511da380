namespace Gatehouse.Hosting;

/// <summary>What a script sets so that no person has to open the set-up link. Our names come before authentik's.</summary>
internal sealed class BootstrapVariables
{
    /// <summary>Address of the user <c>akadmin</c>; null means none was given.</summary>
    public string? Email { get; private init; }

    /// <summary>Password of the user <c>akadmin</c>; null means none was given.</summary>
    public string? Password { get; private init; }

    /// <summary>A bearer token of that user; null means none was given.</summary>
    public string? Token { get; private init; }

    /// <summary>Reads the environment.</summary>
    public static BootstrapVariables Read(Func<string, string?> variable) => new()
    {
        Email = Of("EMAIL", variable),
        Password = Of("PASSWORD", variable),
        Token = Of("TOKEN", variable),
    };

    /// <inheritdoc/>
    public override string ToString() => "***";

    private static string? Of(string name, Func<string, string?> variable)
    {
        var ours = variable("GATEHOUSE_BOOTSTRAP_" + name);
        var value = string.IsNullOrEmpty(ours) ? variable("AUTHENTIK_BOOTSTRAP_" + name) : ours;
        return string.IsNullOrEmpty(value) ? null : value;
    }
}
