namespace Gatehouse.Model.LoginMethods;

/// <summary>A code that was sent to an address. Kept so that its guesses are counted whatever happens to the process, and on every node.</summary>
public sealed class OneTimePin
{
    /// <summary>Id of the sign-in it belongs to; travels sealed.</summary>
    public required string Id { get; init; }

    /// <summary>Canonical address it was sent to.</summary>
    public required string Email { get; init; }

    /// <summary>Network that asked for it: <see cref="Hosts.ClientNetwork.Wide"/>.</summary>
    public required string Network { get; init; }

    /// <summary>HMAC-SHA256 of the code under the cookie of the browser that asked: neither the row nor the message is enough alone.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>How often it was guessed at.</summary>
    public int Guesses { get; init; }

    /// <summary>When it was used; null until then.</summary>
    public DateTimeOffset? UsedAt { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
