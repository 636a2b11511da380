using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Tunnels.Ingress;

/// <summary>Something wrong in a configuration.</summary>
/// <param name="Field">A path with dots; parts that are numbers are places in a list.</param>
/// <param name="Text">What, and what was expected.</param>
public sealed record IngressFault(string Field, string Text);

/// <summary>Reads a tunnel's configuration.</summary>
public static class IngressReader
{
    /// <summary>The most rules.</summary>
    public const int MostRules = 1000;

    /// <summary>Reads <paramref name="config"/>; what is wrong goes to <paramref name="faults"/>, and then the table is not to be used.</summary>
    public static IngressTable Read(JsonElement config, ICollection<IngressFault> faults)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new IngressFault("config", "expected an object"));
            return IngressTable.Empty;
        }

        var common = config.TryGetProperty("originRequest", out var origin)
            ? new SettingsReader(origin, "originRequest.", faults).Read(OriginSettings.Default, isRule: false)
            : OriginSettings.Default;
        var routed = ReadPrivateNetwork(config, faults);
        if (!config.TryGetProperty("ingress", out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return new IngressTable([], routed);
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostRules)
        {
            faults.Add(new IngressFault("ingress", $"expected a list of at most {MostRules} rules"));
            return IngressTable.Empty;
        }

        var rules = ImmutableArray.CreateBuilder<IngressRule>();
        foreach (var element in list.EnumerateArray())
        {
            if (ReadRule(element, $"ingress.{rules.Count.ToString(CultureInfo.InvariantCulture)}", common, faults) is not { } rule)
            {
                return IngressTable.Empty;
            }

            rules.Add(rule);
        }

        CheckOrder(rules, faults);
        return new IngressTable(rules.ToImmutable(), routed);
    }

    /// <summary>Reads text that was checked when it was kept; null when it can't be read all the same.</summary>
    public static IngressTable? ReadKept(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var faults = new List<IngressFault>();
            var table = Read(document.RootElement, faults);
            return faults.Count == 0 ? table : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static OriginSettings? ReadPrivateNetwork(JsonElement config, ICollection<IngressFault> faults) =>
        config.TryGetProperty("warp-routing", out var routing) && routing.ValueKind == JsonValueKind.Object
        && routing.TryGetProperty("enabled", out var enabled) && enabled.ValueKind == JsonValueKind.True
            ? new SettingsReader(routing, "warp-routing.", faults).ReadDialing(OriginSettings.PrivateNetwork)
            : null;

    private static IngressRule? ReadRule(JsonElement element, string at, OriginSettings common, ICollection<IngressFault> faults)
    {
        if (element.ValueKind != JsonValueKind.Object || !TryText(element, "hostname", at, faults, out var hostname)
            || !TryText(element, "path", at, faults, out var path) || !TryText(element, "service", at, faults, out var service))
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                faults.Add(new IngressFault(at, "expected an object"));
            }

            return null;
        }

        hostname = hostname.ToLowerInvariant();
        if (!IsPattern(hostname))
        {
            faults.Add(new IngressFault(at + ".hostname", $"'{hostname}' is no hostname; expected app.example.com, *.example.com or nothing, without a port"));
        }

        if (!ServiceTarget.TryParse(service, out var target, out var fault))
        {
            faults.Add(new IngressFault(at + ".service", fault));
            return null;
        }

        var settings = element.TryGetProperty("originRequest", out var origin) && origin.ValueKind != JsonValueKind.Null
            ? new SettingsReader(origin, at + ".originRequest.", faults).Read(common, isRule: true)
            : common;
        if (settings.BastionMode)
        {
            target = new ServiceTarget.Bastion();
        }

        return new IngressRule(hostname == "*" ? "" : hostname, ReadPath(path, at, faults), service, target, settings);
    }

    // Linear in the length of the path, as in the language these expressions are written for: no time limit, which a busy machine would hit.
    private static Regex? ReadPath(string path, string at, ICollection<IngressFault> faults)
    {
        if (path.Length == 0)
        {
            return null;
        }

        try
        {
            return new Regex(path.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            faults.Add(new IngressFault(at + ".path", $"'{path}' is no regular expression that can be used: {wrong.Message}"));
            return null;
        }
    }

    private static void CheckOrder(ImmutableArray<IngressRule>.Builder rules, ICollection<IngressFault> faults)
    {
        for (var n = 0; n < rules.Count; n++)
        {
            var takesAll = rules[n].Hostname.Length == 0 && rules[n].Path is null;
            if (takesAll != (n == rules.Count - 1))
            {
                faults.Add(new IngressFault(
                    $"ingress.{n.ToString(CultureInfo.InvariantCulture)}",
                    takesAll ? "only the last rule may take every request; rules after this one would never be used" : "the last rule must have neither hostname nor path, such as {\"service\":\"http_status:404\"}"));
            }
        }
    }

    private static bool IsPattern(string hostname) =>
        hostname is "" or "*" || EmailAddress.IsHost(hostname.StartsWith("*.", StringComparison.Ordinal) ? hostname[2..] : hostname);

    private static bool TryText(JsonElement element, string name, string at, ICollection<IngressFault> faults, out string text)
    {
        text = "";
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= 2000 } found)
        {
            text = found;
            return true;
        }

        faults.Add(new IngressFault($"{at}.{name}", "expected a text of at most 2000 characters"));
        return false;
    }
}
