namespace Gatehouse.Access.Gateway;

/// <summary>On whose behalf a request goes to the origin. A class without printing, since it holds a token.</summary>
internal sealed class Admission
{
    /// <summary>Nobody's: the origin sees neither token nor address.</summary>
    public static Admission Anonymous { get; } = new();

    /// <summary>The app token for the origin; null when there is none.</summary>
    public string? Token { get; init; }

    /// <summary>Canonical address of a person; null for a service or nobody.</summary>
    public string? Email { get; init; }

    /// <summary>Client id of the service token that admitted; null when none did.</summary>
    public string? ServiceTokenId { get; init; }

    /// <summary>Which of its secrets was shown: what came of one ends with it.</summary>
    public int SecretVersion { get; init; }

    /// <summary>The SaaS application whose access token admitted; null when none did.</summary>
    public Guid? LinkedApp { get; init; }

    /// <summary>The token epoch of that application then.</summary>
    public int LinkedEpoch { get; init; }

    /// <summary>When the token has to be looked at again, and by then has most likely ended; null when nobody's time is running.</summary>
    public DateTimeOffset? GoodUntil { get; init; }

    /// <summary>The session that may be ended while the request runs; null when there is none.</summary>
    public string? Nonce { get; init; }

    /// <summary>The same, for no longer than that.</summary>
    public Admission Until(DateTimeOffset end) => GoodUntil <= end ? this : new()
    {
        Token = Token,
        Email = Email,
        ServiceTokenId = ServiceTokenId,
        SecretVersion = SecretVersion,
        LinkedApp = LinkedApp,
        LinkedEpoch = LinkedEpoch,
        GoodUntil = end,
        Nonce = Nonce,
    };
}
