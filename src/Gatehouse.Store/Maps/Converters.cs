using System.Globalization;
using System.Text.Json;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Gatehouse.Store.Maps;

/// <summary>Instants as Unix milliseconds.</summary>
internal sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
    at => at.ToUnixTimeMilliseconds(), ms => DateTimeOffset.FromUnixTimeMilliseconds(ms));

/// <summary>Durations as milliseconds.</summary>
internal sealed class Milliseconds() : ValueConverter<TimeSpan, long>(
    span => (long)span.TotalMilliseconds, ms => TimeSpan.FromMilliseconds(ms));

/// <summary>Lists that are kept in one column as JSON.</summary>
internal static class JsonColumns
{
    public static void AsJson(this PropertyBuilder<List<string>> property) =>
        property.HasConversion(list => JsonSerializer.Serialize(list, Shapes.Default.ListString), text => Read(text), Compare<string>());

    public static void AsJson(this PropertyBuilder<List<Guid>> property) =>
        property.HasConversion(
            list => string.Join(',', list.Select(i => i.ToString("D", CultureInfo.InvariantCulture))),
            text => text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse).ToList(),
            Compare<Guid>());

    public static void AsJson(this PropertyBuilder<List<Rule>> property) =>
        property.HasConversion(list => WriteRules(list), text => ReadRules(text), Compare<Rule>());

    public static void AsJson(this PropertyBuilder<List<RedirectUri>> property) =>
        property.HasConversion(
            list => JsonSerializer.Serialize(list, Shapes.Default.ListRedirectUri),
            text => JsonSerializer.Deserialize(text, Shapes.Default.ListRedirectUri) ?? new(),
            Compare<RedirectUri>());

    private static ValueComparer<List<T>> Compare<T>() => new(
        (a, b) => ReferenceEquals(a, b) || (a != null && b != null && a.SequenceEqual(b)),
        list => list.Count,
        list => list.ToList());

    private static List<string> Read(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListString) ?? [];

    private static string WriteRules(List<Rule> rules) => "[" + string.Join(',', rules.Select(RuleJson.Write)) + "]";

    // A stored rule that can't be read stops the load: guessing would open or close doors nobody asked for.
    private static List<Rule> ReadRules(string text)
    {
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateArray().Select(e =>
            RuleJson.TryRead(e, out var rule, out var fault) ? rule : throw new InvalidDataException($"a stored rule can't be read: {fault}"))];
    }
}
