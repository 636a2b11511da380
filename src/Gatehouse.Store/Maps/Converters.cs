using System.Globalization;
using System.Text.Json;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;
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

/// <summary>Names of a closed set. EF's own converter does the same, in code that can't be compiled ahead: it was a twentieth of a start.</summary>
/// <typeparam name="T">The set.</typeparam>
internal sealed class EnumNames<T>() : ValueConverter<T, string>(value => EnumNames.Write(value), text => EnumNames.Read<T>(text))
    where T : struct, Enum;

/// <summary>What <see cref="EnumNames{T}"/> does.</summary>
internal static class EnumNames
{
    /// <summary>The sets that entities of <paramref name="context"/> hold. For making the model, not for using it.</summary>
    public static IEnumerable<Type> In(Type context) => context.GetProperties()
        .Where(p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(DbSet<>))
        .SelectMany(p => p.PropertyType.GetGenericArguments()[0].GetProperties())
        .Select(p => Nullable.GetUnderlyingType(p.PropertyType) ?? p.PropertyType)
        .Where(t => t.IsEnum)
        .Distinct();

    /// <summary>Its name.</summary>
    public static string Write<T>(T value)
        where T : struct, Enum => Enum.IsDefined(value) ? value.ToString() : throw new InvalidOperationException($"{value:D} is no {typeof(T).Name}");

    /// <summary>The value of that name, and nothing else: no number, no other case.</summary>
    public static T Read<T>(string text)
        where T : struct, Enum => text is [>= 'A' and <= 'Z', ..] && Enum.TryParse<T>(text, out var value) && Enum.IsDefined(value) ? value : throw new InvalidOperationException($"the database holds '{text}' for {typeof(T).Name}");
}

/// <summary>Lists that are kept in one column as JSON.</summary>
internal static class JsonColumns
{
    public static void AsJson(this PropertyBuilder<List<string>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadTexts(text), Compare<string>());

    public static void AsJson(this PropertyBuilder<List<Guid>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadIds(text), Compare<Guid>());

    public static void AsJson(this PropertyBuilder<List<Rule>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadRules(text), Compare<Rule>());

    public static void AsJson(this PropertyBuilder<List<RedirectUri>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadRedirectUris(text), Compare<RedirectUri>());

    public static void AsJson(this PropertyBuilder<List<int>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadNumbers(text), Compare<int>());

    public static void AsJson(this PropertyBuilder<List<FormerKey>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadFormerKeys(text), Compare<FormerKey>());

    public static void AsJson(this PropertyBuilder<CorsRules?> property) => property.HasConversion(
        rules => ObjectColumns.Write(rules),
        text => ObjectColumns.ReadCors(text),
        new ValueComparer<CorsRules?>((a, b) => ObjectColumns.AreEqual(a, b), rules => ObjectColumns.HashOf(rules), rules => rules));

    public static void AsJson(this PropertyBuilder<AgentRules?> property) => property.HasConversion(
        rules => ObjectColumns.Write(rules),
        text => ObjectColumns.ReadAgents(text),
        new ValueComparer<AgentRules?>((a, b) => ObjectColumns.AreEqual(a, b), rules => ObjectColumns.HashOf(rules), rules => rules));

    public static void AsJson(this PropertyBuilder<SaasSettings?> property) => property.HasConversion(
        settings => ObjectColumns.Write(settings),
        text => ObjectColumns.ReadSaas(text),
        new ValueComparer<SaasSettings?>((a, b) => ObjectColumns.AreEqual(a, b), settings => ObjectColumns.HashOf(settings), settings => settings));

    public static void AsJson(this PropertyBuilder<LauncherLook?> property) => property.HasConversion(
        look => ObjectColumns.Write(look),
        text => ObjectColumns.ReadLauncher(text),
        new ValueComparer<LauncherLook?>((a, b) => ObjectColumns.AreEqual(a, b), look => ObjectColumns.HashOf(look), look => look));

    public static void AsJson(this PropertyBuilder<MfaRules?> property) => property.HasConversion(
        rules => ObjectColumns.Write(rules),
        text => ObjectColumns.ReadMfa(text),
        new ValueComparer<MfaRules?>((a, b) => ObjectColumns.AreEqual(a, b), rules => ObjectColumns.HashOf(rules), rules => rules));

    public static void AsJson(this PropertyBuilder<OrganizationMfa?> property) => property.HasConversion(
        rules => ObjectColumns.Write(rules),
        text => ObjectColumns.ReadOrganizationMfa(text),
        new ValueComparer<OrganizationMfa?>((a, b) => ObjectColumns.AreEqual(a, b), rules => ObjectColumns.HashOf(rules), rules => rules));

    public static void AsJson(this PropertyBuilder<List<AccessListItem>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadAccessListItems(text), Compare<AccessListItem>());

    public static void AsJson(this PropertyBuilder<List<ApprovalGroup>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadApprovalGroups(text), Compare<ApprovalGroup>());

    public static void AsJson(this PropertyBuilder<List<Approval>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadApprovals(text), Compare<Approval>());

    public static void AsJson(this PropertyBuilder<List<TestedPerson>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadTestedPersons(text), Compare<TestedPerson>());

    public static void AsJson(this PropertyBuilder<List<TokenGrant>> property) =>
        property.HasConversion(list => ListColumns.Write(list), text => ListColumns.ReadTokenGrants(text), Compare<TokenGrant>());

    private static ValueComparer<List<T>> Compare<T>() => new(
        (a, b) => ListColumns.AreEqual(a, b), list => list.Count, list => ListColumns.Copy(list));
}

/// <summary>How objects that never change, only give way to others, are written and read.</summary>
internal static class ObjectColumns
{
    public static string? Write(CorsRules? rules) => rules is null ? null : JsonSerializer.Serialize(rules, Shapes.Default.CorsRules);

    public static string? Write(AgentRules? rules) => rules is null ? null : JsonSerializer.Serialize(rules, Shapes.Default.AgentRules);

    public static CorsRules? ReadCors(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Shapes.Default.CorsRules);

    public static AgentRules? ReadAgents(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Shapes.Default.AgentRules);

    public static string? Write(SaasSettings? settings) => settings is null ? null : JsonSerializer.Serialize(settings, Shapes.Default.SaasSettings);

    public static string? Write(LauncherLook? look) => look is null ? null : JsonSerializer.Serialize(look, Shapes.Default.LauncherLook);

    public static SaasSettings? ReadSaas(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Shapes.Default.SaasSettings);

    public static LauncherLook? ReadLauncher(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Shapes.Default.LauncherLook);

    public static bool AreEqual(SaasSettings? left, SaasSettings? right) => Write(left) == Write(right);

    public static bool AreEqual(LauncherLook? left, LauncherLook? right) => Write(left) == Write(right);

    public static bool AreEqual(CorsRules? left, CorsRules? right) => Write(left) == Write(right);

    public static bool AreEqual(AgentRules? left, AgentRules? right) => Write(left) == Write(right);

    public static string? Write(MfaRules? rules) => rules is null ? null : JsonSerializer.Serialize(rules, Shapes.Default.MfaRules);

    public static string? Write(OrganizationMfa? rules) => rules is null ? null : JsonSerializer.Serialize(rules, Shapes.Default.OrganizationMfa);

    public static MfaRules? ReadMfa(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Shapes.Default.MfaRules);

    public static OrganizationMfa? ReadOrganizationMfa(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Shapes.Default.OrganizationMfa);

    public static bool AreEqual(MfaRules? left, MfaRules? right) => left == right;

    public static bool AreEqual(OrganizationMfa? left, OrganizationMfa? right) => left == right;

    public static int HashOf(object? rules) => rules is null ? 0 : 1;
}

/// <summary>How lists are written and read. The generated model names these methods, so they are not private and take no lambdas.</summary>
internal static class ListColumns
{
    public static string Write(List<string> list) => JsonSerializer.Serialize(list, Shapes.Default.ListString);

    public static string Write(List<Guid> list) => string.Join(',', list.Select(i => i.ToString("D", CultureInfo.InvariantCulture)));

    public static string Write(List<Rule> list) => "[" + string.Join(',', list.Select(RuleJson.Write)) + "]";

    public static string Write(List<int> list) => string.Join(',', list.Select(i => i.ToString(CultureInfo.InvariantCulture)));

    public static string Write(List<FormerKey> list) => JsonSerializer.Serialize(list, Shapes.Default.ListFormerKey);

    public static string Write(List<RedirectUri> list) => JsonSerializer.Serialize(list, Shapes.Default.ListRedirectUri);

    public static string Write(List<AccessListItem> list) => JsonSerializer.Serialize(list, Shapes.Default.ListAccessListItem);

    public static List<AccessListItem> ReadAccessListItems(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListAccessListItem) ?? [];

    public static string Write(List<ApprovalGroup> list) => JsonSerializer.Serialize(list, Shapes.Default.ListApprovalGroup);

    public static List<ApprovalGroup> ReadApprovalGroups(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListApprovalGroup) ?? [];

    public static string Write(List<Approval> list) => JsonSerializer.Serialize(list, Shapes.Default.ListApproval);

    public static List<Approval> ReadApprovals(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListApproval) ?? [];

    public static string Write(List<TestedPerson> list) => JsonSerializer.Serialize(list, Shapes.Default.ListTestedPerson);

    public static List<TestedPerson> ReadTestedPersons(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListTestedPerson) ?? [];

    public static string Write(List<TokenGrant> list) => JsonSerializer.Serialize(list, Shapes.Default.ListTokenGrant);

    public static List<TokenGrant> ReadTokenGrants(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListTokenGrant) ?? [];

    public static List<string> ReadTexts(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListString) ?? [];

    public static List<Guid> ReadIds(string text) => [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse)];

    public static List<int> ReadNumbers(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture))];

    public static List<FormerKey> ReadFormerKeys(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListFormerKey) ?? [];

    public static List<RedirectUri> ReadRedirectUris(string text) => JsonSerializer.Deserialize(text, Shapes.Default.ListRedirectUri) ?? [];

    // A stored rule that can't be read stops the load: guessing would open or close doors nobody asked for.
    public static List<Rule> ReadRules(string text)
    {
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateArray().Select(e =>
            RuleJson.TryRead(e, out var rule, out var fault) ? rule : throw new InvalidDataException($"a stored rule can't be read: {fault}"))];
    }

    public static bool AreEqual<T>(List<T>? left, List<T>? right) =>
        ReferenceEquals(left, right) || (left is not null && right is not null && left.SequenceEqual(right));

    public static List<T> Copy<T>(List<T> list) => [.. list];
}
