using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>Which addresses of a provider count.</summary>
internal enum EmailTrust
{
    /// <summary>Those that it does not call unverified.</summary>
    UnlessDenied,

    /// <summary>Those that it calls verified.</summary>
    Proven,

    /// <summary>Any.</summary>
    Any,
}

/// <summary>What an ID token says of a person, in the form that sessions keep. A class, so that it is never printed.</summary>
internal sealed class IdentityFacts
{
    // Beyond this a deny rule could look for a value that was cut off; so it is refused, not cut.
    public const int MostCharacters = 64 * 1024;
    public const int LongestName = 150;
    public const int LongestId = 255;

    /// <summary>Canonical address.</summary>
    public required string Email { get; init; }

    /// <summary>Display name; may be empty.</summary>
    public required string Name { get; init; }

    /// <summary>The provider's subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The provider's name of its own session; empty when it gave none.</summary>
    public required string ProviderSession { get; init; }

    /// <summary>When the person last proved who they are; null when the provider does not say.</summary>
    public required DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>Claims as they were delivered, as JSON object.</summary>
    public required string ClaimsJson { get; init; }

    /// <summary>The texts of each claim, which rules compare.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Claims => field ??= SessionClaims.Texts(ClaimsJson);

    /// <summary>Groups as they were delivered, as JSON array.</summary>
    public required string GroupsJson { get; init; }

    /// <summary>How the person proved who they are.</summary>
    public required IReadOnlyList<string> Amr { get; init; }

    /// <summary>Reads the claims that <paramref name="method"/> names, and the address and groups. <paramref name="trust"/> tells which addresses do.</summary>
    public static Outcome<IdentityFacts> Read(LoginMethod method, JsonElement payload, EmailTrust trust)
    {
        var step = $"Reading the claims of {method.Name}";
        if (!payload.TryGetProperty(method.EmailClaimName, out var address) || address.ValueKind == JsonValueKind.Null)
        {
            return Refuse(
                step,
                "email_missing",
                $"The login method gave no claim '{method.EmailClaimName}', so Access does not know who you are. Check that the scope 'email' is asked for and mapped, and that your account there has an address.",
                "no e-mail claim");
        }

        if (EmailAddress.Canonical(address.ValueKind == JsonValueKind.String ? JsonText.TryText(address) : null) is not { } email)
        {
            return Refuse(
                step,
                "email_unreadable",
                $"The claim '{method.EmailClaimName}' is not a plain e-mail address: expected one @, no quotes and no spaces, in ASCII. Access refuses what could be read in two ways.",
                "e-mail claim is not canonical");
        }

        // Present and anything but true (Coder CVE-2026-55076): the person only typed the address there.
        var says = payload.TryGetProperty("email_verified", out var verified) ? verified.ValueKind : JsonValueKind.Undefined;
        if (trust != EmailTrust.Any && says != JsonValueKind.True && (trust == EmailTrust.Proven || says != JsonValueKind.Undefined))
        {
            return Refuse(
                step,
                "email_unverified",
                $"{method.Name} says that your address is not verified there (email_verified), and rules here are about addresses. Verify it there; or, if whoever runs {method.Name} vouches for its addresses, an administrator here can set accept_unverified_email in the login method.",
                "email_verified is not true");
        }

        var spellings = OneSpelling.Of(ProviderGroups.Claim, payload.EnumerateObject().Select(p => p.Name));
        if (spellings.Count > 1)
        {
            return Refuse(step, "groups_ambiguous", OneSpelling.Advice, "several claims that are called groups but for their case");
        }

        var groups = spellings is [var spelling] ? payload.GetProperty(spelling) : default;
        var given = ClaimsOf(method, payload, groups);
        if (given.Sum(c => c.Value.GetRawText().Length + 4L) > MostCharacters)
        {
            return Refuse(step, "claims_too_large", "The login method gave more than 64 KB of claims. Let it send only the groups and claims that rules need.", "claims too large");
        }

        // Left out, it would slip past a rule that denies by it.
        var claims = given.ToDictionary(c => c.Key, c => JsonText.TryRewrite(c.Value), StringComparer.Ordinal);
        if (claims.ContainsValue(null))
        {
            return Refuse(step, "claims_unreadable", "The login method gave a group or a claim that is not text.", "a claim holds a lone surrogate");
        }

        return new IdentityFacts
        {
            Email = email,
            Name = JsonText.Plain(JsonText.Text(payload, "name") ?? JsonText.Text(payload, "preferred_username") ?? "", LongestName),
            Subject = SubjectOf(payload) ?? "",
            ProviderSession = ProviderSessionOf(payload) ?? "",
            AuthenticatedAt = JsonText.Number(payload, "auth_time") is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null,
            ClaimsJson = new JsonObject([.. claims.Select(c => KeyValuePair.Create(c.Key, JsonNode.Parse(c.Value!))), KeyValuePair.Create("email", (JsonNode?)email)]).ToJsonString(), // none is null
            GroupsJson = groups.ValueKind switch
            {
                JsonValueKind.Undefined or JsonValueKind.Null => "[]",
                JsonValueKind.Array => claims[ProviderGroups.Claim]!,
                _ => $"[{claims[ProviderGroups.Claim]}]",
            },
            Amr = payload.TryGetProperty("amr", out var amr) ? [.. Words(amr).Take(20)] : [],
        };
    }

    /// <summary>The subject in the form that sessions keep.</summary>
    public static string? SubjectOf(JsonElement payload) => JsonText.Text(payload, "sub") is { } text && JsonText.Plain(text, LongestId) is { Length: > 0 } plain ? plain : null;

    /// <summary>The provider's name of its session in the form that sessions keep.</summary>
    public static string? ProviderSessionOf(JsonElement payload) => JsonText.Text(payload, "sid") is { } text && JsonText.Plain(text, LongestId) is { Length: > 0 } plain ? plain : null;

    // What the login method is set to pass on, and what rules look for besides; the address is the canonical one.
    private static Dictionary<string, JsonElement> ClaimsOf(LoginMethod method, JsonElement payload, JsonElement groups)
    {
        var claims = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var name in method.Claims.Append(RuleEvaluator.AuthContextClaim).Where(n => n != "email"))
        {
            if (payload.TryGetProperty(name, out var value))
            {
                claims[name] = value;
            }
        }

        if (groups.ValueKind != JsonValueKind.Undefined)
        {
            claims[ProviderGroups.Claim] = groups;
        }

        return claims;
    }

    private static IEnumerable<string> Words(JsonElement amr) =>
        (amr.ValueKind == JsonValueKind.Array ? amr.EnumerateArray().ToArray() : [amr]).Where(a => a.ValueKind == JsonValueKind.String).Select(JsonText.TryText).OfType<string>();

    private static SignInFailure Refuse(string step, string code, string text, string reason) =>
        new(code, step, "Failed to fetch user/group information from the identity provider", text, reason, StatusCodes.Status403Forbidden);
}
