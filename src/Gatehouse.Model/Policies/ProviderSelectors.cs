using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Policies;

/// <summary>The selectors that name one login method's groups, attributes or authentication contexts.</summary>
internal static class ProviderSelectors
{
    private const string Azure = "azureAD";
    private const string GitHub = "github-organization";
    private const string Google = "gsuite";
    private const string Okta = "okta";
    private const string Saml = "saml";
    private const string Context = "auth_context";

    public static bool IsOne(string name) => name is Azure or GitHub or Google or Okta or Saml or Context;

    public static JsonObject ToNode(Rule.SamlClaim rule) => new()
    {
        [Saml] = new JsonObject { ["attribute_name"] = rule.Name, ["attribute_value"] = rule.Value, ["identity_provider_id"] = rule.LoginMethodId.ToString() },
    };

    public static JsonObject ToNode(Rule.ProviderGroup rule)
    {
        var (name, value) = rule.Kind switch
        {
            ProviderGroupKind.Azure => (Azure, new JsonObject { ["id"] = rule.Value }),
            ProviderGroupKind.GitHub => (GitHub, GitHubOf(rule.Value)),
            ProviderGroupKind.Google => (Google, new JsonObject { ["email"] = rule.Value }),
            ProviderGroupKind.Okta => (Okta, new JsonObject { ["name"] = rule.Value }),
            _ => throw new UnreachableException($"kind {rule.Kind} has no selector"),
        };
        value["identity_provider_id"] = rule.LoginMethodId.ToString();
        return new JsonObject { [name] = value };
    }

    public static (Rule? Rule, string? Fault) Read(string name, JsonElement value)
    {
        if (RuleJson.Id(value, "identity_provider_id") is not { } method)
        {
            return (null, $"{name}.identity_provider_id must be the UUID of a login method");
        }

        return name switch
        {
            Azure => Word(value, "id") is { } id ? Group(ProviderGroupKind.Azure, id, method) : (null, "azureAD.id must be the object id of a group"),
            GitHub => ReadGitHub(value, method),
            Google => EmailAddress.Canonical(RuleJson.Text(value, "email")) is { } address ? Group(ProviderGroupKind.Google, address, method) : (null, "gsuite.email must be the address of a group"),
            Okta => Word(value, "name") is { } group ? Group(ProviderGroupKind.Okta, group, method) : (null, "okta.name must be the name of a group"),
            Saml => Word(value, "attribute_name") is { } attribute && RuleJson.Text(value, "attribute_value") is { } wanted
                ? (new Rule.SamlClaim(attribute, wanted, method), null)
                : (null, "saml.attribute_name and saml.attribute_value must be strings, the name one of 1 to 255 characters"),
            _ => Word(value, "ac_id") is { } context
                ? (new Rule.AuthContext(RuleJson.Text(value, "id") is { Length: <= 255 } own ? own : "", context, method), null)
                : (null, "auth_context.ac_id must be an authentication context, such as c1"),
        };
    }

    private static (Rule? Rule, string? Fault) ReadGitHub(JsonElement value, Guid method)
    {
        // The slash stands between the two in the claim.
        if (Word(value, "name") is not { } organization || organization.Contains('/', StringComparison.Ordinal))
        {
            return (null, "github-organization.name must be an organization's name at GitHub");
        }

        if (!value.TryGetProperty("team", out var given) || given.ValueKind == JsonValueKind.Null || RuleJson.Text(value, "team")?.Length == 0)
        {
            return Group(ProviderGroupKind.GitHub, ProviderGroups.GitHub(organization, null), method);
        }

        return Word(value, "team") is { } team && !team.Contains('/', StringComparison.Ordinal)
            ? Group(ProviderGroupKind.GitHub, ProviderGroups.GitHub(organization, team), method)
            : (null, "github-organization.team must be a team's name at GitHub");
    }

    private static JsonObject GitHubOf(string value) => value.Split('/') is [var organization, var team]
        ? new JsonObject { ["name"] = organization, ["team"] = team }
        : new JsonObject { ["name"] = value };

    private static (Rule? Rule, string? Fault) Group(ProviderGroupKind kind, string value, Guid method) => (new Rule.ProviderGroup(kind, value, method), null);

    private static string? Word(JsonElement value, string name) => RuleJson.Text(value, name) is { Length: > 0 and <= 255 } word ? word : null;
}
