using System.Text.Json.Nodes;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Claims;

/// <summary>What scope mappings look at.</summary>
public sealed class ClaimsFacts
{
    /// <summary>Whom the claims are about.</summary>
    public required PersonFacts Person { get; init; }

    /// <summary>The client.</summary>
    public required OAuth2Provider Provider { get; init; }

    /// <summary>Its application; null when it has none.</summary>
    public ProviderApplication? Application { get; init; }

    /// <summary>The scopes that were granted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Client address of the call; null when there is none.</summary>
    public string? ClientIp { get; init; }

    /// <summary>More facts, by name.</summary>
    public IReadOnlyDictionary<string, object> Context { get; init; } = new Dictionary<string, object>();
}

/// <summary>A mapping as the evaluation needs it.</summary>
/// <param name="Managed">authentik's managed id; the claims of these are built in.</param>
public sealed record ClaimMapping(string Name, string ScopeName, string? Managed, string Expression);

/// <summary>A mapping that could not say, or said what it must not.</summary>
public sealed record ClaimFault(string Mapping, string Reason);

/// <summary>Makes the claims of scopes: shipped mappings are built in, others are expressions. Their results are merged, objects into objects.</summary>
public sealed class ClaimsMaker(ExpressionCache expressions, TimeProvider clock)
{
    /// <summary>Adds the claims of the granted scopes to <paramref name="claims"/>; returns what went wrong. A mapping that faults adds nothing.</summary>
    public IReadOnlyList<ClaimFault> Add(JsonObject claims, IEnumerable<ClaimMapping> mappings, ClaimsFacts facts)
    {
        List<ClaimFault> faults = [];
        foreach (var mapping in mappings.Where(m => facts.Scopes.Contains(m.ScopeName)).OrderBy(m => m.ScopeName, StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal))
        {
            if (ShippedClaims.Add(claims, mapping.Managed, facts.Person, facts.Application))
            {
                continue;
            }

            if (Evaluate(mapping.Expression, facts, out var fault) is { } made)
            {
                MergeAllowed(claims, made, mapping, faults);
            }
            else if (fault is not null)
            {
                faults.Add(new ClaimFault(mapping.Name, fault));
            }
        }

        return faults;
    }

    /// <summary>What an expression returns, as JSON. Null with a fault when it has none; null without one when it is no dictionary.</summary>
    public JsonObject? Evaluate(string expression, ClaimsFacts facts, out string? fault)
    {
        _ = TryRun(expression, facts, out var made, out fault);
        return made as JsonObject;
    }

    /// <summary>Runs an expression; false with a fault when it has one.</summary>
    public bool TryRun(string expression, ClaimsFacts facts, out JsonNode? made, out string? fault)
    {
        made = null;
        if (expressions.Read(expression, ExpressionNames.Mapping) is not ExpressionReading.Read read)
        {
            fault = ((ExpressionReading.Refused)expressions.Read(expression, ExpressionNames.Mapping)).Fault.ToString();
            return false;
        }

        var given = ExpressionFacts.ForMapping(facts.Person, facts.Provider, facts.Application, facts.Scopes, facts.ClientIp, facts.Context);
        var run = read.Expression.Run(given, clock, TimeSpan.Zero);
        fault = run.Fault?.ToString();
        return run.Fault is null && run.TryJson(out made, out fault);
    }

    private static void MergeAllowed(JsonObject claims, JsonObject made, ClaimMapping mapping, List<ClaimFault> faults)
    {
        foreach (var (name, value) in made)
        {
            if (ReservedClaims.Hold(name))
            {
                faults.Add(new ClaimFault(mapping.Name, $"the claim '{name}' is not a mapping's to set"));
            }
            else if (name == "aud")
            {
                AddAudiences(claims, value);
            }
            else if (value is not null)
            {
                Merge(claims, name, value);
            }
        }
    }

    // The client itself always stays an audience, and the first: it would refuse the token otherwise, or somebody else take it.
    private static void AddAudiences(JsonObject claims, JsonNode? value)
    {
        if (claims["aud"] is not { } own)
        {
            return; // userinfo has none
        }

        var wanted = (value as JsonArray)?.OfType<JsonValue>() ?? (value is JsonValue one ? [one] : []);
        var present = (own as JsonArray)?.OfType<JsonValue>() ?? [own.AsValue()];
        var all = present.Concat(wanted).Select(v => v.TryGetValue<string>(out var text) ? text : "").Where(t => t.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        claims["aud"] = all.Count == 1 ? all[0] : new JsonArray([.. all.Select(a => (JsonNode)a)]);
    }

    private static void Merge(JsonObject into, string name, JsonNode value)
    {
        if (into[name] is JsonObject outer && value is JsonObject inner)
        {
            foreach (var (key, item) in inner)
            {
                if (item is not null)
                {
                    Merge(outer, key, item);
                }
            }
        }
        else
        {
            into[name] = value.DeepClone();
        }
    }
}
