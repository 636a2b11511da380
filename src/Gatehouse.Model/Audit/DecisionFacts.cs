using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Audit;

/// <summary>What was known of a person when a decision was taken: enough to take it again under other policies. Never a token.</summary>
/// <param name="Claims">Claims by name.</param>
/// <param name="Amr">How they had signed in.</param>
/// <param name="Passed">What they had passed besides.</param>
public sealed record DecisionFacts(
    IReadOnlyDictionary<string, IReadOnlyList<string>> Claims, IReadOnlyList<string> Amr, IReadOnlyList<string> Passed)
{
    // A person in thousands of groups: their decisions are kept, but can't be taken again.
    private const int MostCharacters = 16 * 1024;

    /// <summary>The stored form; null when it would be too large.</summary>
    public static string? Write(VisitorIdentity identity)
    {
        var facts = new DecisionFacts(identity.Claims, identity.Amr, identity.Passed);
        var json = JsonSerializer.Serialize(facts, DecisionFactsContext.Default.DecisionFacts);
        return json.Length <= MostCharacters ? json : null;
    }

    /// <summary>The visitor of <paramref name="record"/> as they were then; null when not enough was kept.</summary>
    public static Visitor? VisitorOf(DecisionRecord record)
    {
        if (!IPAddress.TryParse(record.Address, out var address))
        {
            return null;
        }

        if (record.Email is not { } email || record.LoginMethodId is not { } method)
        {
            return new Visitor(address, null) { Country = record.Country };
        }

        return Read(record.FactsJson) is { } facts
            ? new Visitor(address, new VisitorIdentity { Email = email, LoginMethodId = method, Claims = facts.Claims, Amr = facts.Amr, Passed = facts.Passed }) { Country = record.Country }
            : null;
    }

    private static DecisionFacts? Read(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, DecisionFactsContext.Default.DecisionFacts);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DecisionFacts))]
internal sealed partial class DecisionFactsContext : JsonSerializerContext;
