using System.Globalization;
using System.Net;
using Gatehouse.Mails;
using Gatehouse.Model.Policies;

namespace Gatehouse.Hosting;

/// <summary>What <c>up</c> was told, checked.</summary>
internal sealed class UpOptions
{
    /// <summary>Folder that holds all data; absolute.</summary>
    public required string Data { get; init; }

    /// <summary>Base domain: lower case, no trailing dot. Default <c>localhost</c>.</summary>
    public required string Domain { get; init; }

    /// <summary>Where to listen. Default 127.0.0.1:8443.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Where connectors dial in. Port 0 means any that is free. Default 127.0.0.1:7844.</summary>
    public required IPEndPoint Edge { get; init; }

    /// <summary>Whether connectors may make tunnels for themselves without a token.</summary>
    public bool QuickTunnels { get; init; }

    /// <summary>URL of a PostgreSQL database, which may hold a password; null means SQLite in the data folder.</summary>
    public string? Database { get; init; }

    /// <summary>Database of places for GeoIP policies; null means none.</summary>
    public string? Places { get; init; }

    /// <summary>Database of networks (ASN) for GeoIP policies; null means none.</summary>
    public string? Networks { get; init; }

    /// <summary>Whether to add the demo.</summary>
    public bool Demo { get; init; }

    /// <summary>Whether a program reads the output.</summary>
    public bool Json { get; init; }

    /// <summary>Whether webhooks of notifications may reach this machine. Default: no.</summary>
    public bool AllowLocalWebhooks { get; init; }

    /// <summary>PEM files given by the operator; null means certificates of the local CA.</summary>
    public (string Certificate, string Key)? Tls { get; init; }

    /// <summary>How mail leaves; null means not at all.</summary>
    public MailTransport? Mail { get; init; }

    /// <summary>Reads a base domain. Its longest own host must still be a valid name.</summary>
    public static bool TryParseDomain(string text, out string domain)
    {
        domain = text.ToLowerInvariant();
        if (domain.EndsWith('.'))
        {
            domain = domain[..^1];
        }

        return EmailAddress.IsHost("access." + domain) && !IPAddress.TryParse(domain, out _);
    }

    /// <summary>Reads <c>ADDR:PORT</c>; the address is an IP address, <c>[::1]</c> style for version 6, or <c>localhost</c>.</summary>
    public static bool TryParseEndPoint(string text, out IPEndPoint endPoint) => TryParseAnyEndPoint(text, out endPoint) && endPoint.Port != 0;

    /// <summary>As <see cref="TryParseEndPoint"/>, and port 0 is good too.</summary>
    public static bool TryParseAnyEndPoint(string text, out IPEndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.Loopback, 0);
        var colon = text.LastIndexOf(':');
        if (colon < 1
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || !TryParseAddress(text[..colon], out var address))
        {
            return false;
        }

        endPoint = new IPEndPoint(address, port);
        return true;
    }

    private static bool TryParseAddress(string text, out IPAddress address)
    {
        if (text == "localhost")
        {
            address = IPAddress.Loopback;
            return true;
        }

        if (text is ['[', .. var inner, ']'])
        {
            return IPAddress.TryParse(inner, out address!) && inner.Contains(':', StringComparison.Ordinal);
        }

        // Only the dotted form of four: IPAddress would read "8" as 0.0.0.8.
        return IPAddress.TryParse(text, out address!) && address.ToString() == text && !text.Contains(':', StringComparison.Ordinal);
    }
}
