using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>
/// An OpenID provider with real keys. Not our Identity, since it has to say what an honest provider never would: wrong keys,
/// unsigned tokens, missing claims, endless bodies.
/// </summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TimeProvider clock;

    private FakeProvider(WebApplication app, TimeProvider clock)
    {
        this.app = app;
        this.clock = clock;
        Token = AnswerAsync;
        Make = claims => Sign(claims, Key, SecurityAlgorithms.RsaSha256);
    }

    /// <summary>The published key.</summary>
    public RsaSecurityKey Key { get; } = new(TestKeys.Provider) { KeyId = "k1" };

    /// <summary>A published elliptic key.</summary>
    public ECDsaSecurityKey EcKey { get; } = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "e1" };

    /// <summary>More public keys to publish.</summary>
    public List<JsonObject> MoreKeys { get; } = [];

    /// <summary>How a token is made from its claims.</summary>
    public Func<JsonObject, string> Make { get; set; }

    /// <summary>Changes the claims before the token is made.</summary>
    public Action<JsonObject> Claims { get; set; } = _ => { };

    /// <summary>The token endpoint.</summary>
    public Func<HttpContext, Task> Token { get; set; }

    /// <summary>How often the token endpoint was asked.</summary>
    public int Exchanges { get; private set; }

    /// <summary>What the token endpoint was last sent.</summary>
    public IFormCollection? LastForm { get; private set; }

    /// <summary>What else it answers, as JSON; null means 404.</summary>
    public Func<HttpRequest, string?>? Api { get; set; }

    /// <summary>How often the keys were fetched.</summary>
    public int CertsFetched { get; private set; }

    /// <summary>How often anything else was asked for: keys named in tokens must not be.</summary>
    public int Strays { get; private set; }

    /// <summary>The nonce of the authorization request.</summary>
    public string Nonce { get; set; } = "";

    /// <summary>Base URL.</summary>
    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts one.</summary>
    public static async Task<FakeProvider> StartAsync(TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var provider = new FakeProvider(app, clock);
        app.MapPost("/token", async (HttpContext context) =>
        {
            provider.Exchanges++;
            provider.LastForm = await context.Request.ReadFormAsync(context.RequestAborted);
            await provider.Token(context);
        });
        app.MapGet("/certs", () =>
        {
            provider.CertsFetched++;
            return Results.Text(provider.Jwks().ToJsonString(), "application/json");
        });
        app.MapFallback((HttpContext context) =>
        {
            if (provider.Api is { } api && api(context.Request) is { } answer)
            {
                return Results.Text(answer, "application/json");
            }

            provider.Strays++;
            return Results.NotFound();
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    /// <summary>A login method for it.</summary>
    public LoginMethod Method(string name = "Authentik") => new()
    {
        Id = Guid.CreateVersion7(),
        Name = name,
        Type = "oidc",
        ClientId = "gatehouse",
        SealedClientSecret = [],
        AuthUrl = "https://idp.test/authorize?tenant=1",
        TokenUrl = Url + "/token",
        CertsUrl = Url + "/certs",
        Claims = ["department", "groups"],
        PkceEnabled = true,
        CreatedAt = TestAccess.Epoch,
    };

    /// <summary>A signed token.</summary>
    public static string Sign(JsonObject claims, SecurityKey key, string algorithm, IDictionary<string, object>? header = null)
    {
        var handler = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false };
        var credentials = new SigningCredentials(key, algorithm);
        return header is null ? handler.CreateToken(claims.ToJsonString(), credentials) : handler.CreateToken(claims.ToJsonString(), credentials, header);
    }

    /// <summary>Answers with this JSON.</summary>
    public static Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        EcKey.ECDsa.Dispose();
    }

    /// <summary>An ID token for who signs in.</summary>
    public string IdToken()
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = "https://idp.test",
            ["aud"] = "gatehouse",
            ["sub"] = "u-1",
            ["exp"] = now + 300,
            ["iat"] = now,
            ["auth_time"] = now,
            ["nonce"] = Nonce,
            ["email"] = "Ada@Example.com",
            ["name"] = "Ada Lovelace",
            ["Groups"] = new JsonArray("demo", "staff"),
            ["department"] = "engines",
            ["amr"] = new JsonArray("pwd"),
        };
        Claims(claims);
        return Make(claims);
    }

    private Task AnswerAsync(HttpContext context) =>
        WriteAsync(context, 200, new JsonObject { ["access_token"] = "upstream-canary", ["token_type"] = "Bearer", ["id_token"] = IdToken() });

    private JsonObject Jwks()
    {
        var rsa = Key.Rsa.ExportParameters(false);
        var ec = EcKey.ECDsa.ExportParameters(false);
        return new JsonObject
        {
            ["keys"] = new JsonArray(
            [
                new JsonObject { ["kty"] = "RSA", ["kid"] = Key.KeyId, ["use"] = "sig", ["n"] = Base64UrlEncoder.Encode(rsa.Modulus), ["e"] = Base64UrlEncoder.Encode(rsa.Exponent) },
                new JsonObject { ["kty"] = "EC", ["kid"] = EcKey.KeyId, ["crv"] = "P-256", ["x"] = Base64UrlEncoder.Encode(ec.Q.X), ["y"] = Base64UrlEncoder.Encode(ec.Q.Y) },
                .. MoreKeys.Select(k => k.DeepClone()),
            ]),
        };
    }
}
