using System.Globalization;
using System.Text.Json.Nodes;

namespace Gatehouse.Management.Http;

/// <summary>Small pieces of answers that both dialects write alike.</summary>
internal static class JsonList
{
    /// <summary>A list of what <paramref name="body"/> makes of each item.</summary>
    public static JsonArray Of<T>(IEnumerable<T> items, Func<T, JsonNode?> body) => new([.. items.Select(body)]);

    /// <summary>A list of texts.</summary>
    public static JsonArray Of(IEnumerable<string> items) => Of(items, i => i);

    /// <summary>A list of ids.</summary>
    public static JsonArray Of(IEnumerable<Guid> items) => Of(items, i => i.ToString());

    /// <summary>RFC 3339, UTC, microseconds.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
