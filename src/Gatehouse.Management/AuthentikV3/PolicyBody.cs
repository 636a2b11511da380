using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>Policies, their bindings and their results as authentik's API shapes them (contract §2.7, §4.12).</summary>
internal static class PolicyBody
{
    /// <summary>What every kind of policy has.</summary>
    public static JsonObject Base(PolicyFactsRow facts)
    {
        var shape = PolicyShape.Of(facts.Policy.Kind);
        return new JsonObject
        {
            ["pk"] = facts.Policy.Id.ToString(),
            ["name"] = facts.Policy.Name,
            ["execution_logging"] = facts.Policy.LogsRuns,
            ["component"] = shape.Component,
            ["verbose_name"] = shape.Name,
            ["verbose_name_plural"] = shape.PluralName,
            ["meta_model_name"] = shape.ModelName,
            ["bound_to"] = facts.Bindings,
        };
    }

    /// <summary>A policy with its settings.</summary>
    public static JsonObject Of(PolicyFactsRow facts)
    {
        var body = Base(facts);
        foreach (var (name, value) in JsonNode.Parse(facts.Policy.SettingsJson)!.AsObject()) // written here
        {
            body[name] = value?.DeepClone();
        }

        if (facts.Policy.Kind == PolicyKind.GeoIp)
        {
            body["countries_obj"] = JsonList.Of(body["countries"]!.AsArray(), c => Country(KeyValuePair.Create(c!.GetValue<string>(), Countries.NameOf(c.GetValue<string>())))); // texts: checked when saved
        }

        return body;
    }

    /// <summary>A country by its code.</summary>
    public static JsonObject Country(KeyValuePair<string, string> country) => new() { ["code"] = country.Key, ["name"] = country.Value };

    /// <summary>A kind of policy, for the list of kinds.</summary>
    public static JsonObject Type(PolicyShape shape) => new()
    {
        ["name"] = shape.Name,
        ["description"] = shape.Description,
        ["component"] = shape.Component,
        ["model_name"] = shape.ModelName.Split('.')[1],
        ["icon_url"] = null,
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    };

    public static JsonObject Of(BindingFacts facts, Func<int, string> uidOf)
    {
        var binding = facts.Binding;
        return new JsonObject
        {
            ["pk"] = binding.Id.ToString(),
            ["policy"] = binding.PolicyId?.ToString(),
            ["group"] = binding.GroupId?.ToString(),
            ["user"] = binding.UserId,
            ["policy_obj"] = facts.Policy is { } policy ? Base(policy) : null,
            ["group_obj"] = facts.Group is { } group ? GroupBody.Partial(group) : null,
            ["user_obj"] = facts.User is { } user ? UserBody.Partial(user, uidOf(user.Id)) : null,
            ["target"] = binding.TargetId.ToString(),
            ["negate"] = binding.IsNegated,
            ["enabled"] = binding.IsEnabled,
            ["order"] = binding.Order,
            ["timeout"] = binding.Timeout,
            ["failure_result"] = binding.FailureResult,
            ["expires"] = null,
            ["expiring"] = false,
        };
    }

    /// <summary>Reads what a caller says about a binding.</summary>
    public static BindingFields ReadBinding(BodyFields body, bool withTarget = true) => new()
    {
        Target = withTarget ? body.Id("target") : default,
        Policy = body.NullableId("policy"),
        Group = body.NullableId("group"),
        User = body.NullableNumber("user"),
        Order = body.Number("order"),
        IsEnabled = body.Flag("enabled"),
        IsNegated = body.Flag("negate"),
        Timeout = body.Number("timeout"),
        FailureResult = body.Flag("failure_result"),
    };

    /// <summary>The result of a test.</summary>
    public static JsonObject Result(bool isPassing, IEnumerable<string> messages, IEnumerable<string> log, DateTimeOffset now) => new()
    {
        ["passing"] = isPassing,
        ["messages"] = JsonList.Of(messages),
        ["log_messages"] = JsonList.Of(log, line => new JsonObject
        {
            ["timestamp"] = JsonList.Time(now),
            ["log_level"] = "info",
            ["logger"] = "gatehouse.policies",
            ["event"] = line,
            ["attributes"] = new JsonObject(),
        }),
    };

    public static JsonObject Of(Reputation score, GeoFacts? place) => new()
    {
        ["pk"] = score.Id.ToString(),
        ["identifier"] = score.Identifier,
        ["ip"] = score.Ip,
        ["ip_geo_data"] = GeoJson.PlaceOf(place) ?? [],
        ["ip_asn_data"] = GeoJson.NetworkOf(place) ?? [],
        ["score"] = score.Score,
        ["updated"] = JsonList.Time(score.UpdatedAt),
    };
}
