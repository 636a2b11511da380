using System.Text.Json;
using Gatehouse.Management.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>
/// Reads the domains of an app from three views of one list: <c>destinations</c>, else <c>self_hosted_domains</c>, else <c>domain</c>
/// alone, which otherwise says which entry is the first (contract §2.6).
/// </summary>
internal static class AppDomains
{
    public static List<string> Read(BodyFields body)
    {
        var primary = body.Text("domain", 2000).Or("");
        var list = body.Elements("destinations").Is(out var destinations) && destinations.Count > 0 ? Destinations(body, destinations)
            : body.Texts("self_hosted_domains").Or([]);
        if (list.Count == 0)
        {
            if (primary.Length == 0 && body.Faults.Count == 0)
            {
                body.Refuse("domain", "domain is required, or destinations with at least one entry");
            }

            return primary.Length > 0 ? [primary] : [];
        }

        if (primary.Length == 0)
        {
            return list;
        }

        var place = list.FindIndex(d => Same(d, primary));
        if (place < 0)
        {
            body.Refuse("domain", $"domain '{primary}' must be one of the destinations");
            return list;
        }

        list.Insert(0, list[place]);
        list.RemoveAt(place + 1);
        return list;
    }

    private static List<string> Destinations(BodyFields body, List<JsonElement> destinations)
    {
        var uris = new List<string>(destinations.Count);
        foreach (var (index, element) in destinations.Index())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                body.Refuse($"destinations.{index}", "a destination is an object {type, uri}");
                continue;
            }

            var fields = new BodyFields(element, nullIsAbsent: true, $"destinations.{index}.");
            fields.NotYet("overrides");
            var type = fields.Text("type", 40).Or("public");
            if (type != "public")
            {
                fields.Refuse("type", $"destination type '{type}' is not supported yet; use 'public'");
            }
            else if (fields.Require("uri").Text("uri", 2000, mayBeBlank: false).Is(out var uri))
            {
                uris.Add(uri);
            }

            body.Faults.AddRange(fields.Faults);
        }

        return uris;
    }

    private static bool Same(string a, string b) => a.TrimEnd('/').Equals(b.TrimEnd('/'), StringComparison.OrdinalIgnoreCase);
}
