using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Providers;

namespace Gatehouse.Tests.Identity.Oidc;

public class ClientAssertionTests
{
    private const string Jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Fact]
    public async Task Q30_a_client_proves_itself_with_a_registered_key()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = await RegisterAsync(host);
        using var answer = await RedeemAsync(host, key.Assertion(host));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var machine = await host.GrantAsync("client_credentials", ("client_id", null), ("client_secret", null), ("client_assertion_type", Jwt), ("client_assertion", key.Assertion(host)));
        Assert.Equal(HttpStatusCode.OK, machine.StatusCode); // named by the assertion alone
    }

    public static TheoryData<string, Action<JsonObject, JsonObject>> Wrong => new()
    {
        { "iss", (_, p) => p["iss"] = "client-b" },
        { "sub", (_, p) => p["sub"] = "client-b" },
        { "aud", (_, p) => p["aud"] = "https://auth.example.test/application/o/app-b/" },
        { "no aud", (_, p) => p.Remove("aud") }, // O20
        { "no exp", (_, p) => p.Remove("exp") },
        { "no jti", (_, p) => p.Remove("jti") },
        { "ended", (_, p) => p["exp"] = 1 },
        { "far end", (_, p) => p["exp"] = p["exp"]!.GetValue<long>() + 86400 },
        { "future", (_, p) => p["nbf"] = p["exp"]!.GetValue<long>() + 3600 },
        { "none", (h, _) => h["alg"] = "none" },
        { "HS256", (h, _) => h["alg"] = "HS256" },
        { "RS256", (h, _) => h["alg"] = "RS256" },
        { "crit", (h, _) => h["crit"] = new JsonArray("b64") },
        { "no alg", (h, _) => h.Remove("alg") },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Q30_Q31_O20_anything_wrong_in_it_is_no_client(string what, Action<JsonObject, JsonObject> change)
    {
        await using var host = await OidcHost.StartAsync();
        using var key = await RegisterAsync(host);
        using var answer = await RedeemAsync(host, key.Assertion(host, change));
        Assert.True(await OidcHost.ErrorAsync(answer) == "invalid_client", what);
    }

    [Theory]
    [InlineData("jwk")]
    [InlineData("jku")]
    [InlineData("x5u")]
    [InlineData("x5c")]
    public async Task Q31_a_key_that_the_header_brings_or_points_to_is_not_looked_at(string name)
    {
        await using var host = await OidcHost.StartAsync();
        using var key = await RegisterAsync(host);
        using var foreign = new Proof();
        void Bring(JsonObject header, JsonObject payload) => header[name] = name switch
        {
            "jwk" => foreign.Jwk,
            "x5c" => new JsonArray("AAAA"),
            _ => $"{host.Address}evil.json",
        };

        using var forged = await RedeemAsync(host, foreign.Assertion(host, Bring));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(forged));
        using var own = await RedeemAsync(host, key.Assertion(host, Bring));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task O21_a_client_with_keys_can_not_fall_back_to_its_secret()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = await RegisterAsync(host);
        using var foreign = new Proof();
        using var secret = await host.RedeemAsync(await host.CodeAsync());
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(secret));
        using var fake = await RedeemAsync(host, foreign.Assertion(host));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(fake));
        using var both = await host.RedeemAsync(await host.CodeAsync(), ("client_assertion_type", Jwt), ("client_assertion", foreign.Assertion(host)));
        Assert.Equal("invalid_request", await OidcHost.ErrorAsync(both));
        using var machine = await host.GrantAsync("client_credentials", ("client_assertion_type", Jwt), ("client_assertion", foreign.Assertion(host)));
        Assert.Equal("invalid_request", await OidcHost.ErrorAsync(machine));
        using var type = await host.RedeemAsync(await host.CodeAsync(), ("client_secret", null), ("client_assertion_type", "other"), ("client_assertion", key.Assertion(host)));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(type));
    }

    [Fact]
    public async Task O22_an_assertion_counts_once_even_when_many_come_at_the_same_time()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = await RegisterAsync(host);
        var assertion = key.Assertion(host);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => MachineAsync(host, assertion)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Array.ForEach(answers, a => a.Dispose());

        await using var node = await OidcHost.StartAsync(host); // a restart, or another node: the database remembers
        using var later = await MachineAsync(node, assertion);
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(later));
    }

    private static async Task<Proof> RegisterAsync(OidcHost host)
    {
        var key = new Proof();
        await host.ConfigureAsync(p => (p.Jwks, p.AuthMethod, p.GrantTypes) = (key.KeySet, ClientAuthMethod.PrivateKeyJwt, ["authorization_code", "client_credentials"]));
        return key;
    }

    private static async Task<HttpResponseMessage> RedeemAsync(OidcHost host, string assertion) => await host.RedeemAsync(
        await host.CodeAsync(), ("client_secret", null), ("client_assertion_type", Jwt), ("client_assertion", assertion));

    private static Task<HttpResponseMessage> MachineAsync(OidcHost host, string assertion) =>
        host.GrantAsync("client_credentials", ("client_secret", null), ("client_assertion_type", Jwt), ("client_assertion", assertion));
}
