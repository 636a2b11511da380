using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Tests.Identity.Oidc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Identity.Conformance;

/// <summary>What every flow module of the OpenID Foundation's suite checks besides its own matter: the answer to the client, the tokens, the ID token.</summary>
internal static partial class CommonChecks
{
    private const string Issuer = "https://auth.example.test/application/o/app-a/";

    private static readonly string[] OfSuccess = ["code", "iss", "state"];
    private static readonly string[] OfErrors = ["error", "error_description", "iss", "state"];

    /// <summary>The answer of the authorization endpoint, from the URL or from the form that posts itself; with all that has to be true of any.</summary>
    public static async Task<Dictionary<string, string>> AnswerAsync(HttpResponseMessage answer, string? mode, string? state = "s 1&2", string callback = Seed.RedirectUri, string issuer = Issuer)
    {
        var fields = mode == "form_post" ? await PostedAsync(answer, callback) : Redirected(answer, callback);
        Assert.True(answer.Headers.CacheControl?.NoStore, "the answer may be kept");
        Assert.Equal(state, fields.GetValueOrDefault("state"));
        Assert.Equal(issuer, fields["iss"]);
        Assert.Empty(fields.Keys.Except(fields.ContainsKey("error") ? OfErrors : OfSuccess));
        if (fields.TryGetValue("error_description", out var description))
        {
            Assert.Matches(@"^[\x20-\x21\x23-\x5B\x5D-\x7E]+$", description); // RFC 6749 §4.1.2.1
        }

        return fields;
    }

    /// <summary>What the token endpoint gave for a code or a refresh token.</summary>
    public static async Task<JsonElement> TokensAsync(OidcHost host, HttpResponseMessage answer, string? nonce = "n-1", string clientId = Seed.ClientId, string issuer = Issuer)
    {
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.True(answer.Headers.CacheControl?.NoStore, "the tokens may be kept");
        Assert.Equal("no-cache", answer.Headers.Pragma.ToString());
        var tokens = await OidcHost.JsonAsync(answer);
        Assert.Equal("Bearer", tokens.GetProperty("token_type").GetString());
        Assert.InRange(tokens.GetProperty("expires_in").GetInt64(), 1, 86400);
        foreach (var name in new[] { "access_token", "refresh_token" })
        {
            if (tokens.TryGetProperty(name, out var token))
            {
                Assert.Matches("^[A-Za-z0-9._~+/=-]{22,}$", token.GetString()); // RFC 6750 §2.1; 128 bits at least
            }
        }

        await IdTokenAsync(host, tokens.GetProperty("id_token").GetString()!, nonce, clientId, issuer);
        return tokens;
    }

    /// <summary>An ID token: signed with a key that is published, fresh, for this client, and its claims of the right types.</summary>
    public static async Task<JsonWebToken> IdTokenAsync(OidcHost host, string token, string? nonce, string clientId = Seed.ClientId, string issuer = Issuer)
    {
        using var published = await host.GetAsync(new Uri(issuer).AbsolutePath + "jwks/");
        var keys = new JsonWebKeySet(await published.Content.ReadAsStringAsync(OidcHost.Stop));
        var id = new JsonWebToken(token);
        Assert.Equal(keys.Keys.Count, keys.Keys.Select(k => k.Kid).Distinct().Count());
        Assert.Contains(keys.Keys, k => k.Kid == id.Kid && k.Alg == id.Alg);
        var valid = await new JsonWebTokenHandler().ValidateTokenAsync(id, new TokenValidationParameters
        {
            ValidIssuer = issuer,
            ValidAudience = clientId,
            IssuerSigningKeys = keys.GetSigningKeys(),
            LifetimeValidator = (_, until, _, _) => until is not null, // the test's clock is asked below
        });
        Assert.True(valid.IsValid, valid.Exception?.Message);

        var (now, issued, ends) = (host.Clock.GetUtcNow().ToUnixTimeSeconds(), id.GetPayloadValue<long>("iat"), id.GetPayloadValue<long>("exp"));
        Assert.InRange(issued, now - 300, now);
        Assert.InRange(ends, now + 1, now + (50L * 365 * 86400));
        Assert.Equal(nonce, id.TryGetPayloadValue<string>("nonce", out var echoed) ? echoed : null);
        Assert.InRange(id.Subject.Length, 1, 255);
        Assert.NotEmpty(id.GetPayloadValue<string>("acr"));
        using var payload = JsonDocument.Parse(Base64UrlEncoder.Decode(id.EncodedPayload));
        Typed(payload.RootElement);
        return id;
    }

    /// <summary>Userinfo by a token: JSON, the subject of the ID token, claims of the right types.</summary>
    public static async Task<JsonElement> UserinfoAsync(HttpResponseMessage answer, JsonElement tokens)
    {
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var info = await OidcHost.JsonAsync(answer);
        Assert.Equal(new JsonWebToken(tokens.GetProperty("id_token").GetString()).Subject, info.GetProperty("sub").GetString());
        Typed(info);
        return info;
    }

    /// <summary>An error page: it says so to the person, and leads nowhere.</summary>
    public static async Task NoRedirectAsync(HttpResponseMessage answer)
    {
        Assert.Equal((HttpStatusCode.BadRequest, "text/html", null), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, answer.Headers.Location));
        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.DoesNotContain("<form", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv=\"refresh\"", page, StringComparison.OrdinalIgnoreCase);
    }

    private static Dictionary<string, string> Redirected(HttpResponseMessage answer, string callback)
    {
        var location = answer.Headers.Location?.OriginalString ?? "";
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.StartsWith(callback, location, StringComparison.Ordinal);
        Assert.DoesNotContain('#', location);
        return QueryHelpers.ParseQuery(location[callback.Length..].TrimStart('&', '?')).ToDictionary(p => p.Key, p => Assert.Single(p.Value)!);
    }

    // Form Post Response Mode: a form to the callback, and nothing of the answer in a URL.
    private static async Task<Dictionary<string, string>> PostedAsync(HttpResponseMessage answer, string callback)
    {
        Assert.Equal((HttpStatusCode.OK, "text/html", null), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, answer.Headers.Location));
        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Matches("<form[^>]*method=\"post\"", page);
        Assert.DoesNotContain("enctype", page, StringComparison.Ordinal); // so it is application/x-www-form-urlencoded
        Assert.Contains($"action=\"{WebUtility.HtmlEncode(callback)}\"", page, StringComparison.Ordinal);
        return Input().Matches(page).ToDictionary(m => m.Groups[1].Value, m => WebUtility.HtmlDecode(m.Groups[2].Value));
    }

    private static void Typed(JsonElement claims)
    {
        foreach (var claim in claims.EnumerateObject())
        {
            var kind = claim.Value.ValueKind;
            Assert.True(
                claim.Name switch
                {
                    "exp" or "iat" or "nbf" or "auth_time" or "updated_at" => kind == JsonValueKind.Number,
                    "email_verified" or "phone_number_verified" => kind is JsonValueKind.True or JsonValueKind.False,
                    "amr" or "groups" or "entitlements" or "roles" => kind == JsonValueKind.Array,
                    "address" => kind == JsonValueKind.Object,
                    "aud" => kind is JsonValueKind.String or JsonValueKind.Array,
                    "iss" or "sub" or "name" or "given_name" or "family_name" or "nickname" or "preferred_username" or "email" or "phone_number" or "acr" or "nonce" or "sid" or "jti"
                        or "azp" or "at_hash" or "c_hash" => kind == JsonValueKind.String && claim.Value.GetString()!.Length > 0,
                    _ => kind != JsonValueKind.Null,
                },
                $"{claim.Name} is a {kind}");
        }
    }

    [GeneratedRegex("<input[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\"")]
    private static partial Regex Input();
}
