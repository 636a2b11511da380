using System.Net;

namespace Gatehouse.Model.Policies;

/// <summary>Who asks, and from where: all that a policy may look at.</summary>
/// <param name="Address">The client address; IPv4 in IPv6 is mapped back to IPv4.</param>
/// <param name="Identity">Null means nobody has signed in.</param>
public sealed record Visitor(IPAddress Address, VisitorIdentity? Identity)
{
    /// <summary>The service token that the request has proved to hold; null when none.</summary>
    public Guid? ServiceToken { get; init; }

    /// <summary>The SaaS application whose access token the request brings; null when it brings none.</summary>
    public Guid? LinkedApp { get; init; }

    /// <summary>Common name of the client certificate, which an authority of the host has signed; empty when it has none. Null when there is no such certificate.</summary>
    public string? CommonName { get; init; }

    /// <summary>Country of the address, two capital letters; null means not known, or that no rule asks.</summary>
    public string? Country { get; init; }
}

/// <summary>What a login method said of a person. A class, so that it is never printed whole.</summary>
public sealed class VisitorIdentity
{
    /// <summary>Canonical form of the address (see <c>EmailAddress</c>).</summary>
    public required string Email { get; init; }

    /// <summary>The login method used.</summary>
    public required Guid LoginMethodId { get; init; }

    /// <summary>Claims by name, each with its values in order; names compared ordinally.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Claims { get; init; }

    /// <summary>How they proved who they are, as the login method reported it (RFC 8176).</summary>
    public IReadOnlyList<string> Amr { get; init; } = [];

    /// <summary>What they passed besides rules; see <see cref="Policies.Passed"/>.</summary>
    public IReadOnlyList<string> Passed { get; init; } = [];

    /// <summary>When a program was granted the session in which it acts for them; null when it is their own.</summary>
    public DateTimeOffset? GrantedAt { get; init; }
}
