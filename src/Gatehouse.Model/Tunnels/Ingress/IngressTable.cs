using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Gatehouse.Model.Tunnels.Ingress;

/// <summary>One rule: which requests, and where they lead.</summary>
/// <param name="Hostname">Lower case; <c>*.example.com</c> means any name under it; empty means any.</param>
/// <param name="Path">An unanchored expression over the decoded path; null means any.</param>
/// <param name="Service">As written.</param>
/// <param name="Target">As read.</param>
/// <param name="Settings">Merged: rule before tunnel before default.</param>
public sealed record IngressRule(string Hostname, Regex? Path, string Service, ServiceTarget Target, OriginSettings Settings)
{
    /// <summary>Whether the rule is for this request.</summary>
    public bool Covers(string host, string path) => CoversHost(host) && (Path is null || Path.IsMatch(path));

    /// <summary>Whether the rule is for this host, on some path.</summary>
    public bool CoversHost(string host) =>
        Hostname.Length == 0
        || host.Equals(Hostname, StringComparison.OrdinalIgnoreCase)
        || (Hostname[0] == '*' && host.Length >= Hostname.Length && host.EndsWith(Hostname[1..], StringComparison.OrdinalIgnoreCase));
}

/// <summary>The rules of a tunnel in order, immutable.</summary>
public sealed class IngressTable(ImmutableArray<IngressRule> rules, OriginSettings? privateNetwork)
{
    /// <summary>No rules: every request is answered 503.</summary>
    public static IngressTable Empty { get; } = new([], null);

    /// <summary>The rules; the last one takes what no other did.</summary>
    public ImmutableArray<IngressRule> Rules => rules;

    /// <summary>Whether some rule asks for an Access token.</summary>
    public bool IsGuarded { get; } = rules.Any(r => r.Settings.Access is not null);

    /// <summary>How raw TCP streams to addresses that the edge names are dialed (<c>warp-routing</c>); null means that they are not.</summary>
    public OriginSettings? PrivateNetwork => privateNetwork;

    /// <summary>The hostnames it names, each once.</summary>
    public IEnumerable<string> Hostnames => rules.Select(r => r.Hostname).Where(h => h.Length > 0).Distinct(StringComparer.Ordinal);

    /// <summary>The path that rules are matched on, wherever they are: of the request's target as it was sent, up to the query, with escapes decoded once. Dots and slashes stay as they are.</summary>
    public static string PathOf(string target)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return target.StartsWith('/') ? Uri.UnescapeDataString(query < 0 ? target : target[..query]) : "/"; // all else is asked of a service as "/"
    }

    /// <summary>The rule for a request; null only when there are none. <paramref name="host"/> may bear a port; <paramref name="path"/> is what <see cref="PathOf"/> gives.</summary>
    public IngressRule? Find(string host, string path)
    {
        var bare = BareHost(host);
        foreach (var rule in rules)
        {
            if (rule.Covers(bare, path))
            {
                return rule;
            }
        }

        return rules.IsEmpty ? null : rules[^1];
    }

    private static string BareHost(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon > 0 && host.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? host[..colon] : host;
    }
}
