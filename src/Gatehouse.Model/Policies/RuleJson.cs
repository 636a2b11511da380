using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Policies;

/// <summary>Reads and writes rules as Cloudflare's selectors: an object with exactly one key. The form the store and the API share.</summary>
public static class RuleJson
{
    /// <summary>The selector of <paramref name="rule"/> as an object.</summary>
    public static JsonObject ToNode(Rule rule) => rule switch
    {
        Rule.Email e => Selector("email", new() { ["email"] = e.Address }),
        Rule.EmailDomain d => Selector("email_domain", new() { ["domain"] = d.Domain }),
        Rule.Everyone => Selector("everyone", []),
        Rule.Ip r => Selector("ip", new() { ["ip"] = r.Range.ToString() }),
        Rule.EmailList l => Selector("email_list", new() { ["id"] = l.Id.ToString() }),
        Rule.IpList l => Selector("ip_list", new() { ["id"] = l.Id.ToString() }),
        Rule.Country c => Selector("geo", new() { ["country_code"] = c.Code }),
        Rule.AuthMethod a => Selector("auth_method", new() { ["auth_method"] = a.Method }),
        Rule.ProviderGroup g => ProviderSelectors.ToNode(g),
        Rule.SamlClaim a => ProviderSelectors.ToNode(a),
        Rule.AuthContext c => Selector("auth_context", new() { ["id"] = c.Id, ["ac_id"] = c.ContextId, ["identity_provider_id"] = c.LoginMethodId.ToString() }),
        Rule.ExternalEvaluation e => Selector("external_evaluation", new() { ["evaluate_url"] = e.EvaluateUrl, ["keys_url"] = e.KeysUrl }),
        Rule.LoginMethod m => Selector("login_method", new() { ["id"] = m.Id.ToString() }),
        Rule.Group g => Selector("group", new() { ["id"] = g.Id.ToString() }),
        Rule.OidcClaim c => Selector("oidc", Claim(c)),
        Rule.ServiceToken t => Selector("service_token", new() { ["token_id"] = t.Id.ToString() }),
        Rule.AnyServiceToken => Selector("any_valid_service_token", []),
        Rule.LinkedAppToken t => Selector("linked_app_token", new() { ["app_uid"] = t.AppId.ToString() }),
        Rule.Certificate => Selector("certificate", []),
        Rule.CommonName n => Selector("common_name", new() { ["common_name"] = n.Name }),
        _ => throw new UnreachableException($"rule {rule.GetType().Name} has no case"),
    };

    /// <summary>The selector of <paramref name="rule"/> as text.</summary>
    public static string Write(Rule rule) => ToNode(rule).ToJsonString();

    /// <summary>Reads one selector. <paramref name="fault"/> says what was found and what was expected.</summary>
    public static bool TryRead(JsonElement element, [NotNullWhen(true)] out Rule? rule, [NotNullWhen(false)] out string? fault)
    {
        rule = null;
        fault = null;
        if (element.ValueKind != JsonValueKind.Object || element.EnumerateObject().Count() != 1)
        {
            fault = "expected an object with exactly one selector, such as {\"email_domain\":{\"domain\":\"example.com\"}}";
            return false;
        }

        var selector = element.EnumerateObject().First();
        if (selector.Value.ValueKind != JsonValueKind.Object)
        {
            fault = $"selector '{selector.Name}' must hold an object";
            return false;
        }

        (rule, fault) = Read(selector.Name, selector.Value);
        return rule is not null;
    }

    private static (Rule? Rule, string? Fault) Read(string name, JsonElement value) => name switch
    {
        "email" => EmailAddress.Canonical(Text(value, "email")) is { } address
            ? (new Rule.Email(address), null)
            : (null, "email.email must be one plain address, such as ada@example.com"),
        "email_domain" => Text(value, "domain")?.ToLowerInvariant() is { } domain && EmailAddress.IsHost(domain)
            ? (new Rule.EmailDomain(domain), null)
            : (null, "email_domain.domain must be a host name without @, such as example.com"),
        "everyone" => (new Rule.Everyone(), null),
        "ip" => Range(Text(value, "ip")) is { } range
            ? range.BaseAddress.IsIPv4MappedToIPv6
                ? (null, "ip.ip is an IPv4 address written as IPv6, which no client address equals; write the IPv4 form, such as 192.0.2.0/24")
                : (new Rule.Ip(range), null)
            : (null, "ip.ip must be an address or a CIDR range whose host bits are zero, such as 192.0.2.0/24"),
        "email_list" => Id(value, "id") is { } id ? (new Rule.EmailList(id), null) : (null, "email_list.id must be the UUID of a list"),
        "ip_list" => Id(value, "id") is { } id ? (new Rule.IpList(id), null) : (null, "ip_list.id must be the UUID of a list"),
        "geo" => Text(value, "country_code")?.ToUpperInvariant() is { Length: 2 } code && code.All(char.IsAsciiLetterUpper)
            ? (new Rule.Country(code), null)
            : (null, "geo.country_code must be two letters of ISO 3166, such as DE"),
        "auth_method" => Text(value, "auth_method") is { Length: > 0 and <= 100 } method
            ? (new Rule.AuthMethod(method), null)
            : (null, "auth_method.auth_method must be a word of RFC 8176, such as mfa"),
        "external_evaluation" => ReadEvaluation(value),
        "login_method" => Id(value, "id") is { } id ? (new Rule.LoginMethod(id), null) : (null, "login_method.id must be a UUID"),
        "group" => Id(value, "id") is { } id ? (new Rule.Group(id), null) : (null, "group.id must be a UUID"),
        "oidc" => ReadClaim(value),
        "service_token" => Id(value, "token_id") is { } id ? (new Rule.ServiceToken(id), null) : (null, "service_token.token_id must be the token's UUID"),
        "any_valid_service_token" => (new Rule.AnyServiceToken(), null),
        "linked_app_token" => Id(value, "app_uid") is { } app ? (new Rule.LinkedAppToken(app), null) : (null, "linked_app_token.app_uid must be the UUID of a SaaS application"),
        "certificate" => (new Rule.Certificate(), null),
        "common_name" => Text(value, "common_name") is { Length: > 0 } common ? (new Rule.CommonName(common), null) : (null, "common_name.common_name must be a name"),
        _ when ProviderSelectors.IsOne(name) => ProviderSelectors.Read(name, value),
        _ when UnavailableSelectors.Reason(name) is { } reason => (null, reason),
        _ => (null, $"selector '{name}' is not known; known: {Known}"),
    };

    private const string Known =
        "email, email_list, email_domain, everyone, ip, ip_list, geo, group, login_method, auth_method, azureAD, github-organization, gsuite, okta, saml, oidc, auth_context, external_evaluation, service_token, any_valid_service_token, linked_app_token, certificate, common_name";

    private static (Rule? Rule, string? Fault) ReadEvaluation(JsonElement value) =>
        Text(value, "evaluate_url") is { Length: <= 2048 } evaluate && IsHttps(evaluate) && Text(value, "keys_url") is { Length: <= 2048 } keys && IsHttps(keys)
            ? (new Rule.ExternalEvaluation(evaluate, keys), null)
            : (null, "external_evaluation.evaluate_url and external_evaluation.keys_url must be absolute https URLs without user or fragment (http only on a loopback host)");

    private static bool IsHttps(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Fragment.Length == 0 && !text.Any(c => c is <= ' ' or > '~')
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && (url.IsLoopback || url.Host.EndsWith(".localhost", StringComparison.Ordinal))));

    private static (Rule? Rule, string? Fault) ReadClaim(JsonElement value)
    {
        if (Text(value, "claim_name") is not { Length: > 0 } name || Text(value, "claim_value") is not { } wanted)
        {
            return (null, "oidc.claim_name and oidc.claim_value must be strings");
        }

        if (!value.TryGetProperty("identity_provider_id", out var method) || method.ValueKind == JsonValueKind.Null)
        {
            return (new Rule.OidcClaim(name, wanted, null), null);
        }

        return Id(value, "identity_provider_id") is { } id
            ? (new Rule.OidcClaim(name, wanted, id), null)
            : (null, "oidc.identity_provider_id must be a UUID");
    }

    private static JsonObject Selector(string name, JsonObject value) => new() { [name] = value };

    private static JsonObject Claim(Rule.OidcClaim rule)
    {
        var value = new JsonObject { ["claim_name"] = rule.Name, ["claim_value"] = rule.Value };
        if (rule.LoginMethodId is { } id)
        {
            value["identity_provider_id"] = id.ToString();
        }

        return value;
    }

    internal static string? Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;

    internal static Guid? Id(JsonElement value, string name) => Guid.TryParse(Text(value, name), out var id) ? id : null;

    /// <summary>A range in its one spelling, or a single address; null when it is neither.</summary>
    public static IPNetwork? Range(string? text)
    {
        if (text is null)
        {
            return null;
        }

        // IPAddress reads 127.1 and 0x7f.1 too; only the form it prints itself is taken.
        if (!text.Contains('/', StringComparison.Ordinal))
        {
            return IPAddress.TryParse(text, out var one) && IsPlain(one, text) ? new IPNetwork(one, one.GetAddressBytes().Length * 8) : null;
        }

        return IPNetwork.TryParse(text, out var range) && IsPlain(range.BaseAddress, text[..text.IndexOf('/', StringComparison.Ordinal)]) ? range : null;
    }

    private static bool IsPlain(IPAddress address, string text) =>
        address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork || address.ToString() == text;
}
