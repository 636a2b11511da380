using System.Globalization;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Tunnels.Ingress;

/// <summary>How a connector speaks to a service: <c>originRequest</c>. Rule before tunnel before default.</summary>
public sealed record OriginSettings
{
    /// <summary>What counts when nothing is said.</summary>
    public static OriginSettings Default { get; } = new();

    /// <summary>What counts for raw TCP streams when nothing is said.</summary>
    public static OriginSettings PrivateNetwork { get; } = new() { ConnectTimeout = TimeSpan.FromSeconds(5) };

    /// <summary>How long a service may take to accept a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a TLS handshake may take.</summary>
    public TimeSpan TlsTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between TCP keep-alives.</summary>
    public TimeSpan TcpKeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Try the addresses of a name one after the other, each for its share of the time, rather than side by side.</summary>
    public bool NoHappyEyeballs { get; init; }

    /// <summary>The most idle connections kept to a service.</summary>
    public int KeepAliveConnections { get; init; } = 100;

    /// <summary>How long an idle connection is kept.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Host the service sees; empty means the public one.</summary>
    public string HttpHostHeader { get; init; } = "";

    /// <summary>Name in the service's certificate; empty means its own.</summary>
    public string OriginServerName { get; init; } = "";

    /// <summary>Ask for the public name in TLS.</summary>
    public bool MatchSniToHost { get; init; }

    /// <summary>PEM file, on the connector's machine, with authorities to trust beside the system's; empty means none.</summary>
    public string CaPool { get; init; } = "";

    /// <summary>Accept any certificate.</summary>
    public bool NoTlsVerify { get; init; }

    /// <summary>Send a length rather than chunks; a body whose length nobody said is refused.</summary>
    public bool DisableChunkedEncoding { get; init; }

    /// <summary>The service's address is named by each request.</summary>
    public bool BastionMode { get; init; }

    /// <summary>HTTP/2 to https services that offer it.</summary>
    public bool Http2Origin { get; init; }

    /// <summary>Ask for an Access token at the connector; null means don't.</summary>
    public AccessRequirement? Access { get; init; }
}

/// <summary>Which Access tokens a connector lets pass.</summary>
/// <param name="Team">Name of a team at Cloudflare, or host (and port) of a team domain.</param>
/// <param name="Audiences">AUD tags; one must match.</param>
public sealed record AccessRequirement(string Team, IReadOnlyList<string> Audiences)
{
    /// <summary>Who must have issued the token.</summary>
    public string Issuer => "https://" + (Team.Contains('.', StringComparison.Ordinal) ? Team : Team + ".cloudflareaccess.com");

    /// <summary>Whether a text names a team and nothing else: no scheme, path or user, which would make the connector ask something else.</summary>
    public static bool IsTeam(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return EmailAddress.IsHost(colon < 0 ? text : text[..colon])
            && (colon < 0 || (text.Contains('.', StringComparison.Ordinal) && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0));
    }

    /// <inheritdoc/>
    public bool Equals(AccessRequirement? other) => other is not null && Team == other.Team && Audiences.SequenceEqual(other.Audiences);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Team, Audiences.Count);
}
