using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Model.Tunnels.Ingress;

/// <summary>Where an ingress rule leads. A closed set.</summary>
public abstract record ServiceTarget
{
    private ServiceTarget()
    {
    }

    /// <summary>A web server.</summary>
    public sealed record Web(bool IsTls, string Host, int Port) : ServiceTarget;

    /// <summary>A web server on a Unix socket.</summary>
    public sealed record Unix(string Path, bool IsTls) : ServiceTarget;

    /// <summary>Bytes over TCP; reached by a WebSocket that the connector ends.</summary>
    public sealed record Tcp(string Scheme, string Host, int Port) : ServiceTarget;

    /// <summary>Bytes over TCP to an address that the request names.</summary>
    public sealed record Bastion : ServiceTarget;

    /// <summary>An empty answer.</summary>
    public sealed record Status(int Code) : ServiceTarget;

    /// <summary>A page built into the connector.</summary>
    public sealed record Hello : ServiceTarget;

    /// <summary>Whether only WebSockets can reach it.</summary>
    public bool IsStream => this is Tcp or Bastion;

    /// <summary>Reads a <c>service</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ServiceTarget? target, [NotNullWhen(false)] out string? fault)
    {
        fault = null;
        target = text switch
        {
            "hello_world" or "hello-world" => new Hello(),
            "bastion" => new Bastion(),
            _ when text.StartsWith("http_status:", StringComparison.Ordinal) => StatusOf(text["http_status:".Length..]),
            _ when text.StartsWith("unix:", StringComparison.Ordinal) => UnixOf(text["unix:".Length..], isTls: false),
            _ when text.StartsWith("unix+tls:", StringComparison.Ordinal) => UnixOf(text["unix+tls:".Length..], isTls: true),
            _ => UrlOf(text),
        };
        if (target is null)
        {
            fault = $"'{text}' is no service; expected http://host:port, https://, tcp://, ssh://, rdp:// or smb:// without a path, unix:/path, http_status:404 (100 to 999), bastion or hello_world";
        }

        return target is not null;
    }

    private static Status? StatusOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 100 and <= 999 ? new Status(code) : null;

    private static Unix? UnixOf(string path, bool isTls) => path.Length > 1 && path[0] == '/' && !path.Contains('\0', StringComparison.Ordinal) ? new Unix(path, isTls) : null;

    private static ServiceTarget? UrlOf(string text)
    {
        var colon = text.IndexOf("://", StringComparison.Ordinal);
        if (colon <= 0 || text.Any(c => c is <= ' ' or '\\' or '@' or '?' or '#' || !char.IsAscii(c)))
        {
            return null;
        }

        var scheme = text[..colon].ToLowerInvariant();
        if (!scheme.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.') || scheme == "socks-proxy" || !TrySplit(text[(colon + 3)..], out var host, out var port))
        {
            return null;
        }

        return scheme switch
        {
            "http" or "ws" => new Web(false, host, port ?? 80),
            "https" or "wss" => new Web(true, host, port ?? 443),
            _ => new Tcp(scheme, host, port ?? DefaultPort(scheme)),
        };
    }

    private static int DefaultPort(string scheme) => scheme switch
    {
        "ssh" => 22,
        "rdp" => 3389,
        "smb" => 445,
        _ => 7864,
    };

    /// <summary>Splits <c>host:port</c>; version 6 addresses stand in brackets.</summary>
    public static bool TrySplit(string text, out string host, out int? port)
    {
        (host, port) = (text, null);
        var end = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) + 1 : text.IndexOf(':', StringComparison.Ordinal);
        if (end > 0 && end < text.Length)
        {
            if (text[end] != ':' || !ushort.TryParse(text.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                return false;
            }

            (host, port) = (text[..end], number);
        }

        return host.Length > 0 && Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
