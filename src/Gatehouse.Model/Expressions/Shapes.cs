using System.Collections.Frozen;

namespace Gatehouse.Model.Expressions;

/// <summary>The known objects: which attributes each has, and what those are. The one list that reading, running and the docs go by.</summary>
internal static class Shapes
{
    private static readonly FrozenDictionary<string, FrozenDictionary<string, string>> All = new Dictionary<string, FrozenDictionary<string, string>>
    {
        ["request"] = Of(("user", "user"), ("context", ""), ("http_request", "http"), ("obj", "object"), ("debug", "")),
        ["user"] = Of(
            ("pk", ""), ("id", ""), ("uuid", ""), ("uid", ""), ("username", ""), ("name", ""), ("email", ""), ("is_active", ""), ("is_superuser", ""),
            ("is_authenticated", ""), ("is_anonymous", ""), ("path", ""), ("type", ""), ("attributes", ""), ("date_joined", ""), ("last_login", ""),
            ("password_change_date", ""), ("groups", "groups"), ("ak_groups", "groups")),
        ["group"] = Of(("pk", ""), ("num_pk", ""), ("name", ""), ("is_superuser", ""), ("attributes", "")),
        ["entitlement"] = Of(("pk", ""), ("name", ""), ("app", ""), ("attributes", "")),
        ["object"] = Of(("pk", ""), ("name", ""), ("slug", ""), ("group", ""), ("type", "")),
        ["provider"] = Of(("pk", ""), ("name", ""), ("client_id", ""), ("client_type", ""), ("application", "object")),
        ["token"] = Of(("scope", "")),
        ["notification"] = Of(
            ("pk", ""), ("body", ""), ("severity", ""), ("created", ""), ("user", "user"), ("event", "event"), ("hyperlink", ""), ("hyperlink_label", "")),
        ["event"] = Of(("pk", ""), ("event_uuid", ""), ("action", ""), ("app", ""), ("client_ip", ""), ("created", ""), ("user", ""), ("context", "")),
        ["http"] = Of(("path", ""), ("method", ""), ("user_agent", ""), ("client_ip", "")),
        ["plan"] = Of(("context", "")),
        ["groups"] = Of(),
        ["logger"] = Of(),
    }.ToFrozenDictionary();

    /// <summary>Whether objects of <paramref name="shape"/> have the attribute; <paramref name="inner"/> is what it is, empty for plain values.</summary>
    public static bool TryMember(string shape, string attribute, out string inner) => All[shape].TryGetValue(attribute, out inner!);

    /// <summary>Whether it is a shape.</summary>
    public static bool IsOne(string? shape) => shape is { Length: > 0 } && All.ContainsKey(shape);

    /// <summary>The attributes, for a fault.</summary>
    public static string Known(string shape) => All[shape].Count == 0
        ? "it has methods only"
        : "it has " + string.Join(", ", All[shape].Keys.Order(StringComparer.Ordinal));

    private static FrozenDictionary<string, string> Of(params (string Name, string Shape)[] members) =>
        members.ToFrozenDictionary(m => m.Name, m => m.Shape, StringComparer.Ordinal);
}
