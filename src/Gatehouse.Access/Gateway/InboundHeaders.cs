using System.Collections.Frozen;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// Drops what a visitor must not tell an origin: who they are, where they come from, what they really asked for, and the credentials
/// meant for us. Every spelling counts that CGI, WSGI or a careless framework folds into the same name.
/// </summary>
internal static class InboundHeaders
{
    /// <summary>Where a visitor wants a bastion to lead: theirs to say, and said to nothing but a tunnel, which says it to nothing but a bastion.</summary>
    public const string JumpDestination = "Cf-Access-Jump-Destination";

    private const int LongestName = 64;
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Names = new[]
    {
        "forwarded", "proxy", "client-ip", "true-client-ip", "fastly-client-ip", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-azure-clientip",
        "x-azure-socketip", "x-proxyuser-ip", "x-host", "x-http-host-override", "x-http-method", "x-http-method-override", "x-method-override", "x-http-path-override",
        "x-accel-redirect", "x-sendfile", "remote-user", "remote-email", "remote-name", "remote-groups", "client-cert", "client-cert-chain", "x-client-cert",
    }.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly string[] Families =
    [
        "cf-", "x-authentik-", "x-forwarded-", "x-original-", "x-rewrite-", "x-envoy-", "x-remote-", "x-webauth-", "x-auth-request-", "x-goog-authenticated-user-",
        "x-goog-iap-", "x-ms-client-principal", "x-ms-token-", "x-amzn-oidc-", "x-pomerium-", "x-ssl-client-", "ssl-client-", "tailscale-user-",
    ];

    // Naming these in Connection would change what the request is, not what travels with it.
    private static readonly FrozenSet<string> Kept = new[]
    {
        "close", "keep-alive", "upgrade", "te", "host", "content-length", "transfer-encoding", "connection",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Removes them from the request, and those whose folded name is one of <paramref name="more"/>. What the gateway itself says is added to the outgoing message afterwards.</summary>
    public static void Scrub(IHeaderDictionary headers, FrozenSet<string> more)
    {
        List<string>? dropped = null;
        foreach (var header in headers)
        {
            if (IsOurs(header.Key) || (more.Count > 0 && IsOneOf(more.GetAlternateLookup<ReadOnlySpan<char>>(), header.Key)))
            {
                (dropped ??= []).Add(header.Key);
            }
        }

        if (headers.Authorization.Any(v => v is not null && (AgentToken.Is(v) || ConnectionAuth.IsIn(v))))
        {
            (dropped ??= []).Add(HeaderNames.Authorization);
        }

        AddNamedInConnection(headers.Connection, ref dropped);
        if (dropped is null)
        {
            return;
        }

        foreach (var name in dropped)
        {
            headers.Remove(name);
        }
    }

    /// <summary>Whether a header of this name is never taken from a visitor.</summary>
    public static bool IsOurs(string name)
    {
        if (!MayBeOurs(name) || name.Equals(JumpDestination, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var folded = Fold(name, stackalloc char[LongestName]);
        if (Names.Contains(folded))
        {
            return true;
        }

        foreach (var family in Families)
        {
            if (folded.StartsWith(family))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOneOf(FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> names, string name) => names.Contains(Fold(name, stackalloc char[LongestName]));

    private static ReadOnlySpan<char> Fold(string name, Span<char> room)
    {
        var folded = room[..Math.Min(name.Length, LongestName)];
        for (var i = 0; i < folded.Length; i++)
        {
            folded[i] = char.IsAsciiLetterOrDigit(name[i]) ? char.ToLowerInvariant(name[i]) : '-';
        }

        return folded;
    }

    // Two letters tell for most names that a browser sends.
    private static bool MayBeOurs(string name) => name.Length > 2 && ((char)(name[0] | 0x20), (char)(name[1] | 0x20)) switch
    {
        ('x', var second) => !char.IsAsciiLetterOrDigit(second),
        ('c', 'f' or 'l') or ('f', 'o' or 'a') or ('t', 'r' or 'a') or ('p', 'r') or ('r', 'e') or ('s', 's') => true,
        _ => false,
    };

    // RFC 9110 §7.6.1: these end here.
    private static void AddNamedInConnection(StringValues connection, ref List<string>? dropped)
    {
        if (connection.Count == 0 || connection is [{ } only] && Kept.Contains(only))
        {
            return;
        }

        foreach (var line in connection)
        {
            foreach (var name in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Kept.Contains(name))
                {
                    (dropped ??= []).Add(name);
                }
            }
        }
    }
}
