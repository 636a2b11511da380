using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>Turns a provider's posted response into what it says of a person.</summary>
internal sealed class SamlIdentities(SamlResponses responses, IAccessSessions sessions)
{
    private const string Title = "Failed to fetch user/group information from the identity provider";

    // Where providers put a name for people to read, the plainest first.
    private static readonly string[] Names =
    [
        "displayName", "name", "cn", "urn:oid:2.16.840.1.113730.3.1.241", "urn:oid:2.5.4.3",
        "http://schemas.microsoft.com/identity/claims/displayname", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    ];

    /// <summary>Verifies it, takes what it says, and uses it up.</summary>
    public async Task<Outcome<IdentityFacts>> FindAsync(LoginMethodEntry method, string posted, LoginState state, CancellationToken cancellationToken)
    {
        var verified = responses.Verify(method, posted, state);
        if (verified.Value is not { } assertion)
        {
            return verified.Failure!; // the other half
        }

        state.Trace?.Add("Attributes received", JsonText.Plain(string.Join(", ", assertion.Attributes.Keys), 2000) + ".");
        var facts = Read(method.Method, assertion);

        // The request's id binds it to one sign-in, which is used up too; this holds if that ever should not. Beyond the sign-in's end it is refused anyway.
        return facts.Value is null || await sessions.TryBurnAsync(BurntName(method.Method.Id, assertion.Id), state.ExpiresAt, cancellationToken)
            ? facts
            : new SignInFailure(
                "saml_replayed", $"Verifying the assertion of {method.Method.Name}", "Failed to verify the SAML response", "This answer was used already. Start again.", "the assertion was used before", StatusCodes.Status403Forbidden);
    }

    // Ids of several login methods, and one-use codes of our own, share a table.
    private static string BurntName(Guid methodId, string assertionId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"saml assertion\n{methodId:D}\n{assertionId}")));

    private static Outcome<IdentityFacts> Read(LoginMethod method, SamlAssertion assertion)
    {
        var (address, fault) = AddressOf(method, assertion);
        if (fault is not null)
        {
            return Refuse(method, "email_missing", fault, "no single e-mail attribute");
        }

        if (EmailAddress.Canonical(address?.Trim()) is not { } email)
        {
            return Refuse(
                method,
                "email_unreadable",
                "What the login method gave as your address is not a plain e-mail address: expected one @, no quotes and no spaces, in ASCII. Access refuses what could be read in two ways.",
                "the e-mail is not canonical");
        }

        if (assertion.Attributes.Sum(a => a.Key.Length + 4 + a.Value.Sum(v => v.Length + 4L)) > IdentityFacts.MostCharacters)
        {
            return Refuse(method, "claims_too_large", "The login method gave more than 64 KB of attributes. Let it release only what rules need.", "attributes too large");
        }

        var claims = new Dictionary<string, IReadOnlyList<string>>(assertion.Attributes, StringComparer.Ordinal) { ["email"] = [email] };
        switch (OneSpelling.Of(ProviderGroups.Claim, assertion.Attributes.Keys))
        {
            case [var groups]:
                claims[ProviderGroups.Claim] = assertion.Attributes[groups];
                break;
            case { Count: > 1 }:
                return Refuse(method, "groups_ambiguous", OneSpelling.Advice, "several attributes that are called groups but for their case");
        }

        return new IdentityFacts
        {
            Email = email,
            Name = JsonText.Plain(Names.Select(n => assertion.Attributes.GetValueOrDefault(n)).OfType<IReadOnlyList<string>>().FirstOrDefault(v => v.Count > 0)?[0] ?? "", IdentityFacts.LongestName),
            Subject = JsonText.Plain(assertion.NameId, IdentityFacts.LongestId),
            ProviderSession = JsonText.Plain(assertion.SessionIndex, IdentityFacts.LongestId),
            AuthenticatedAt = assertion.AuthenticatedAt,
            ClaimsJson = SessionClaims.Write(claims),
            GroupsJson = new JsonArray([.. claims.GetValueOrDefault(ProviderGroups.Claim, []).Select(g => (JsonNode?)JsonValue.Create(g))]).ToJsonString(),
            Amr = [.. assertion.Contexts.Where(c => c.Length is > 0 and <= 100).Take(20)],
        };
    }

    // Of several addresses none is "the" one: whoever may add one to themselves could become somebody else.
    private static (string? Address, string? Fault) AddressOf(LoginMethod method, SamlAssertion assertion)
    {
        if (method.EmailClaimName.Length > 0)
        {
            return assertion.Attributes.GetValueOrDefault(method.EmailClaimName) is [var one]
                ? (one, null)
                : (null, $"The login method gave no attribute '{method.EmailClaimName}', or not exactly one value of it, so Access does not know who you are. Check email_attribute_name in the settings: it is the attribute's name, not its friendly name.");
        }

        return assertion.NameIdFormat == SamlNames.EmailFormat
            ? (assertion.NameId, null)
            : (null, "The login method did not name you by your e-mail address (NameID of format emailAddress), and the settings name no attribute that holds it. Set email_attribute_name, or let the provider send such a NameID.");
    }

    private static SignInFailure Refuse(LoginMethod method, string code, string text, string reason) =>
        new(code, $"Reading the attributes of {method.Name}", Title, text, reason, StatusCodes.Status403Forbidden);
}
