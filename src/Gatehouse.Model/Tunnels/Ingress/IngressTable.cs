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
public sealed class IngressTable(ImmutableArray<IngressRule> rules, bool isWarpRouting)
{
    /// <summary>No rules: every request is answered 503.</summary>
    public static IngressTable Empty { get; } = new([], false);

    /// <summary>The rules; the last one takes what no other did.</summary>
    public ImmutableArray<IngressRule> Rules => rules;

    /// <summary>Whether raw TCP streams to private addresses are let through.</summary>
    public bool IsWarpRouting => isWarpRouting;

    /// <summary>The hostnames it names, each once.</summary>
    public IEnumerable<string> Hostnames => rules.Select(r => r.Hostname).Where(h => h.Length > 0).Distinct(StringComparer.Ordinal);

    /// <summary>The rule for a request; null only when there are none. <paramref name="host"/> may bear a port.</summary>
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
