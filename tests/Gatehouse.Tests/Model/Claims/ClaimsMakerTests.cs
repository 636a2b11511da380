using System.Text.Json.Nodes;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Providers;

namespace Gatehouse.Tests.Model.Claims;

/// <summary>What scope mappings make, and what they must not.</summary>
public class ClaimsMakerTests
{
    private readonly ClaimsMaker maker = new(new ExpressionCache(), TimeProvider.System);

    [Fact]
    public void Mappings_of_one_scope_are_merged_deep()
    {
        var (claims, faults) = Make(
            """return {"realm_access": {"roles": ["a"], "x": 1}, "email_verified": True}""",
            """return {"realm_access": {"x": 2, "y": None}, "groups": [g.name for g in request.user.all_groups()]}""");

        Assert.Empty(faults);
        Assert.Equal("""{"roles":["a"],"x":2}""", claims["realm_access"]!.ToJsonString());
        Assert.True(claims["email_verified"]!.GetValue<bool>());
        Assert.Equal("""["engineers","staff"]""", claims["groups"]!.ToJsonString());
    }

    [Fact]
    public void A_result_that_is_no_dictionary_is_ignored_and_a_fault_left_out()
    {
        var (claims, faults) = Make("return 'text'", "return None", "return user.attributes['nothing']", "return {'ok': provider.client_id + str(len(token.scope))}");

        Assert.Equal("client1", claims["ok"]!.GetValue<string>());
        Assert.Contains("no 'nothing'", Assert.Single(faults).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iss")]
    [InlineData("sub")]
    [InlineData("exp")]
    [InlineData("iat")]
    [InlineData("nonce")]
    [InlineData("azp")]
    [InlineData("scope")]
    [InlineData("amr")]
    [InlineData("sid")]
    public void What_binds_a_token_is_not_a_mappings_to_set(string claim)
    {
        var (claims, faults) = Make($$"""return {"{{claim}}": "evil", "ok": 1}""");

        Assert.Equal(claim == "iss" ? "https://issuer" : claim == "sub" ? "ada" : null, claims[claim]?.GetValue<string>());
        Assert.Equal(1, claims["ok"]!.GetValue<long>());
        Assert.Single(faults);
    }

    [Fact]
    public void Audiences_are_added_never_taken_away()
    {
        var (claims, _) = Make("""return {"aud": ["other", "client"]}""", """return {"aud": "third"}""");

        Assert.Equal("""["client","other","third"]""", claims["aud"]!.ToJsonString());
    }

    [Fact]
    public void Shipped_mappings_say_what_they_always_said()
    {
        var claims = new JsonObject();
        maker.Add(claims, [new ClaimMapping("e", "email", ScopeNames.ManagedEmail, "return {}"), new ClaimMapping("p", "profile", ScopeNames.ManagedProfile, ""), new ClaimMapping("n", "never", null, "return {'no': 1}")], Facts(["email", "profile"]));

        Assert.Equal("""{"email":"ada@example.com","email_verified":false,"name":"Ada Lovelace","given_name":"Ada Lovelace","preferred_username":"ada","nickname":"ada","groups":["engineers"]}""", claims.ToJsonString());
    }

    private (JsonObject Claims, IReadOnlyList<ClaimFault> Faults) Make(params string[] expressions)
    {
        var claims = new JsonObject { ["iss"] = "https://issuer", ["sub"] = "ada", ["aud"] = "client" };
        return (claims, maker.Add(claims, expressions.Select((e, i) => new ClaimMapping($"m{i}", "custom", null, e)), Facts(["custom"])));
    }

    private static ClaimsFacts Facts(IReadOnlyList<string> scopes) => new()
    {
        Person = Gatehouse.Tests.Model.Expressions.Expressions.Ada,
        Provider = new OAuth2Provider { Name = "p", ClientId = "client", SealedClientSecret = [], RedirectUris = [], AuthorizationFlowId = default, InvalidationFlowId = default },
        Scopes = scopes,
    };
}
