namespace Gatehouse.Model.Apps;

/// <summary>How programs that act for a person get tokens for an app (Cloudflare's Managed OAuth). Null on an app that has it switched off.</summary>
public sealed class AgentRules
{
    /// <summary>Whether clients may register themselves.</summary>
    public bool RegistrationEnabled { get; init; } = true;

    /// <summary>Redirects to <c>http://localhost</c>, any port and path, are taken.</summary>
    public bool AnyOnLocalhost { get; init; } = true;

    /// <summary>Redirects to a loopback address, any port and path, are taken.</summary>
    public bool AnyOnLoopback { get; init; } = true;

    /// <summary>Redirects that are taken besides, compared as text.</summary>
    public List<string> AllowedUris { get; init; } = [];

    /// <summary>How long an access token lives. 1 minute to 1 day.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a program may go on renewing. Null means for the app's session duration.</summary>
    public TimeSpan? SessionDuration { get; init; }
}
