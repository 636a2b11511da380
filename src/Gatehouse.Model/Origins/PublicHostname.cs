namespace Gatehouse.Model.Origins;

/// <summary>Publishes a service under a hostname: where the gateway sends what it admits.</summary>
public sealed class PublicHostname
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Lower case, no port, no trailing dot; may begin with one wildcard label (<c>*.example.com</c>).</summary>
    public required string Hostname { get; set; }

    /// <summary>Base URL of the service, scheme http or https, no path: <c>http://127.0.0.1:8080</c>.</summary>
    public required string Service { get; set; }

    /// <summary>Accept any certificate from an https service.</summary>
    public bool NoTlsVerify { get; set; }

    /// <summary>Host header the service sees; null means the one the browser sent.</summary>
    public string? HttpHostHeader { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
