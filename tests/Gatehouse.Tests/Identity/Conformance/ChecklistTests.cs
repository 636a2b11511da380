using System.Net;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Model.Providers;
using Gatehouse.Tests.Identity.Oidc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Conformance;

/// <summary>Rows of the checklist that no test of a single endpoint holds. Q29 is DpopTests, Q30 ClientAssertionTests, Q27 PushedRequestTests, Q26 DeviceTests, Q37 KeyTests, Q22 RegistrationTests.</summary>
public class ChecklistTests
{
    [Theory]
    [InlineData("https://rp.test/cb/")]
    [InlineData("https://rp.test:443/cb")]
    [InlineData("https://RP.test/cb")]
    [InlineData("https://rp.test/c%62")]
    [InlineData("https://rp.test/./cb")]
    public async Task Q03_redirect_uris_are_compared_as_strings(string offered)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", offered)), host.Cookie);
        Assert.Equal((HttpStatusCode.BadRequest, null), (answer.StatusCode, answer.Headers.Location));
    }

    [Theory]
    [InlineData("prompt", "none")]
    [InlineData("response_type", "nonsense")]
    [InlineData("scope", "nonsense")]
    [InlineData("request", "x")]
    public async Task Q04_nobody_is_sent_to_an_unregistered_uri(string name, string value)
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var mode in new[] { "query", "fragment", "form_post" })
        {
            using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://evil.test/"), ("response_mode", mode), (name, value)), host.Cookie);
            Assert.Equal((HttpStatusCode.BadRequest, null), (answer.StatusCode, answer.Headers.Location));
            Assert.DoesNotContain("action=\"https://evil", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Q10_no_answer_about_a_person_may_be_kept()
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await host.TokensAsync()).GetProperty("access_token").GetString()!;
        foreach (var answer in new[]
        {
            await host.RedeemAsync(await host.CodeAsync()), await host.RedeemAsync("wrong"), await host.GetAsync("/application/o/userinfo/", bearer: token), await host.GetAsync("/application/o/userinfo/"),
            await host.PostAsync("/application/o/introspect/", [("token", token)]), await host.PostAsync("/application/o/revoke/", []), await host.PostAsync("/application/o/device/", []),
            await host.PostAsync("/application/o/par/", []), await host.GetAsync(OidcHost.Authorize(), host.Cookie),
        })
        {
            Assert.True(answer.Headers.CacheControl?.NoStore, answer.RequestMessage!.RequestUri!.AbsolutePath);
            answer.Dispose();
        }
    }

    [Fact]
    public async Task X07_two_signers_whose_names_and_ids_join_to_the_same_text_are_two()
    {
        await using var host = await OidcHost.StartAsync();
        await using var scope = host.Scope();
        var used = scope.ServiceProvider.GetRequiredService<UsedProofs>();
        var until = host.Clock.GetUtcNow().AddMinutes(1);

        Assert.True(await used.TryUseAsync("client assertion", "a|b", "c", until, OidcHost.Stop));
        Assert.True(await used.TryUseAsync("client assertion", "a", "b|c", until, OidcHost.Stop));
        Assert.True(await used.TryUseAsync("client assertion", "a\nb", "c", until, OidcHost.Stop));
        Assert.True(await used.TryUseAsync("client assertion", "a", "b\nc", until, OidcHost.Stop));
        Assert.False(await used.TryUseAsync("client assertion", "a", "b\nc", until, OidcHost.Stop));
    }

    [Fact]
    public async Task Q11_secrets_have_128_random_bits_and_do_not_repeat()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]);
        var seen = new HashSet<string>();
        var bits = new int[256];
        for (var i = 0; i < 1000; i++)
        {
            var code = await host.CodeAsync(("scope", "openid offline_access"));
            using var redeemed = await host.RedeemAsync(code);
            var tokens = await OidcHost.JsonAsync(redeemed);
            List<string> secrets = [code, tokens.GetProperty("refresh_token").GetString()!, new JsonWebToken(tokens.GetProperty("access_token").GetString()).Id];
            if (i % 50 == 0)
            {
                // Strangers can begin these, so they are let do so slowly.
                using var device = await host.PostAsync("/application/o/device/", [("client_id", Seed.ClientId)], cookie: host.Cookie);
                secrets.Add((await OidcHost.JsonAsync(device)).GetProperty("device_code").GetString()!);
            }

            Assert.All(secrets, s => Assert.True(s.Length >= 64 && seen.Add(s))); // hex: 256 bits
            var bytes = Convert.FromHexString(code);
            for (var bit = 0; bit < bits.Length; bit++)
            {
                bits[bit] += (bytes[bit / 8] >> (bit % 8)) & 1;
            }
        }

        // Six deviations of a fair coin: one run in a million fails by chance, and a bit that stands still always.
        Assert.All(bits, ones => Assert.InRange(ones, 405, 595));
    }

    [Fact]
    public async Task Q39_one_subject_type_is_offered_and_kept_to()
    {
        await using var host = await OidcHost.StartAsync();
        using var discovery = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        Assert.Equal(["public"], (await OidcHost.JsonAsync(discovery)).GetProperty("subject_types_supported").EnumerateArray().Select(t => t.GetString()));

        // Public: the same at every client.
        var here = new JsonWebToken((await host.TokensAsync()).GetProperty("id_token").GetString()).Subject;
        using var elsewhere = await host.GetAsync(OidcHost.Authorize(("client_id", Seed.OtherClientId)), host.Cookie);
        using var redeemed = await host.RedeemAsync(
            OidcHost.Field(elsewhere.Headers.Location!, "code")!, ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret)); // the person may use it
        Assert.Equal(here, new JsonWebToken((await OidcHost.JsonAsync(redeemed)).GetProperty("id_token").GetString()).Subject);
    }

    [Theory]
    [InlineData("abc", false)]
    [InlineData("abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ._~01234567 9", false)]
    [InlineData(OidcHost.Verifier + OidcHost.Verifier, false)]
    [InlineData(null, false)]
    [InlineData(OidcHost.Verifier, true)]
    public async Task Q13_a_verifier_has_43_to_128_unreserved_characters(string? verifier, bool isFine)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.RedeemAsync(await host.CodeAsync(), ("code_verifier", verifier));
        Assert.Equal(isFine, answer.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Q14_public_clients_need_pkce_and_a_verifier_needs_a_challenge()
    {
        await using var host = await OidcHost.StartAsync();
        using var open = await host.GetAsync(OidcHost.Authorize(("client_id", Seed.PublicClientId), ("code_challenge", null), ("code_challenge_method", null)), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(open.Headers.Location!, "error"));
        using var method = await host.GetAsync(OidcHost.Authorize(("code_challenge", null)), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(method.Headers.Location!, "error"));
        using var answer = await host.RedeemAsync(await host.CodeAsync(("code_challenge", null), ("code_challenge_method", null)));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task Q15_refresh_tokens_of_public_clients_rotate_and_a_second_use_ends_them()
    {
        await using var host = await OidcHost.StartAsync();
        using var redeemed = await host.RedeemAsync(
            await host.CodeAsync(("client_id", Seed.PublicClientId), ("scope", "openid offline_access")), ("client_id", Seed.PublicClientId), ("client_secret", null));
        var first = (await OidcHost.JsonAsync(redeemed)).GetProperty("refresh_token").GetString()!;
        using var rotated = await host.RefreshAsync(first, ("client_id", Seed.PublicClientId), ("client_secret", null));
        var second = (await OidcHost.JsonAsync(rotated)).GetProperty("refresh_token").GetString()!;
        Assert.NotEqual(first, second);
        using var reused = await host.RefreshAsync(first, ("client_id", Seed.PublicClientId), ("client_secret", null));
        using var dead = await host.RefreshAsync(second, ("client_id", Seed.PublicClientId), ("client_secret", null));
        Assert.Equal(("invalid_grant", "invalid_grant"), (await OidcHost.ErrorAsync(reused), await OidcHost.ErrorAsync(dead)));
    }

    [Fact]
    public async Task Q16_password_is_in_no_document_and_implicit_is_off()
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var grants in new[] { new OAuth2Provider { Name = "", ClientId = "", SealedClientSecret = [], RedirectUris = [], AuthorizationFlowId = default, InvalidationFlowId = default }.GrantTypes, ["password", "client_credentials"] })
        {
            await host.ConfigureAsync(p => p.GrantTypes = grants);
            using var document = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
            var text = (await OidcHost.JsonAsync(document)).GetRawText();
            Assert.DoesNotContain("\"password\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"implicit\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("id_token token", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Q17_a_posted_request_goes_on_with_303()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.PostAsync("/application/o/authorize/", [("client_id", Seed.ClientId)]);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    public async Task Q19_Q21_pages_are_not_framed_and_send_no_referrer()
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var url in new[] { OidcHost.Authorize(("response_mode", "form_post")), OidcHost.Authorize(("client_id", "unknown")), "/device", "/if/flow/default-device-code-flow/" })
        {
            using var answer = await host.GetAsync(url, url == "/device" ? null : host.Cookie);
            if (answer.Headers.Location is null)
            {
                Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
                Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            }
        }

        using var redirect = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Equal("no-referrer", redirect.Headers.GetValues("Referrer-Policy").Single());
    }

    [Fact]
    public async Task Q25_Q28_the_issuer_is_the_same_everywhere()
    {
        await using var host = await OidcHost.StartAsync();
        foreach (var (mode, issuer) in new[] { (IssuerMode.PerProvider, "https://auth.example.test/application/o/app-a/"), (IssuerMode.Global, "https://auth.example.test/") })
        {
            await host.ConfigureAsync(p => p.IssuerMode = mode);
            using var document = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
            var metadata = await OidcHost.JsonAsync(document);
            Assert.True(metadata.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
            using var success = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
            using var error = await host.GetAsync(OidcHost.Authorize(("prompt", "none")));
            using var tokens = await host.RedeemAsync(OidcHost.Field(success.Headers.Location!, "code")!);
            Assert.All(
                [metadata.GetProperty("issuer").GetString(), OidcHost.Field(success.Headers.Location!, "iss"), OidcHost.Field(error.Headers.Location!, "iss"), new JsonWebToken((await OidcHost.JsonAsync(tokens)).GetProperty("id_token").GetString()).Issuer],
                found => Assert.Equal(issuer, found));
        }
    }

    [Fact]
    public async Task Q32_a_user_made_anew_under_the_same_name_is_another_subject()
    {
        await using var host = await OidcHost.StartAsync();
        var first = new JsonWebToken((await host.TokensAsync()).GetProperty("id_token").GetString()).Subject;
        var anew = new Gatehouse.Model.Users.User { Uuid = Guid.CreateVersion7(), Username = "ada", UsernameKey = "ada" };
        await host.ChangeAsync(db => db.Users.Where(u => u.Id == host.Seed.AdaId).ExecuteDeleteAsync(OidcHost.Stop));
        await host.ChangeAsync(db =>
        {
            db.Users.Add(anew);
            return Task.CompletedTask;
        });
        using var answer = await host.GetAsync(OidcHost.Authorize(), await host.SignInAsync(anew.Id));
        using var tokens = await host.RedeemAsync(OidcHost.Field(answer.Headers.Location!, "code")!);
        Assert.NotEqual(first, new JsonWebToken((await OidcHost.JsonAsync(tokens)).GetProperty("id_token").GetString()).Subject);
        Assert.InRange(first.Length, 1, 255);
    }

    [Theory]
    [InlineData("prompt", "none login")]
    [InlineData("prompt", "none select_account")]
    public async Task Q34_none_goes_with_nothing_else(string name, string value)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize((name, value)), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task Q38_offline_access_is_asked_for_where_the_provider_asks_at_all()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId);
        using var browser = host.BrowserOf(host.Cookie);
        var asked = await browser.Flow("default-provider-authorization-explicit-consent", OidcHost.Authorize(("scope", "openid offline_access")).Split('?')[1]).ShowAsync();
        Assert.Contains("offline_access", asked.Ids("permissions"));
        using var silent = await host.GetAsync(OidcHost.Authorize(("scope", "openid offline_access"), ("prompt", "none")), host.Cookie);
        Assert.Equal("consent_required", OidcHost.Field(silent.Headers.Location!, "error"));
    }

    [Fact]
    public async Task O13_cut_extended_and_changed_tokens_are_dead()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        foreach (var token in new[] { tokens.GetProperty("access_token").GetString()!, tokens.GetProperty("refresh_token").GetString()! })
        {
            foreach (var changed in new[] { token[..^1], token[..^10], token[1..], token + "A", token + "=", " " + token, token.ToUpperInvariant() })
            {
                Assert.Equal("""{"active":false}""", (await host.IntrospectAsync(changed)).GetRawText());
            }
        }
    }

    [Theory]
    [InlineData("https://rp.test/cb?code=x")]
    [InlineData("https://rp.test/cb?a=1&%63ode=x")]
    [InlineData("https://rp.test/cb?state=x")]
    public async Task O28_a_redirect_uri_holds_no_parameter_of_the_answer(string uri)
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.RedirectUris = [new(MatchingMode.Strict, uri, RedirectUriType.Authorization)]);
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", uri)), host.Cookie);
        Assert.Equal((HttpStatusCode.BadRequest, null), (answer.StatusCode, answer.Headers.Location));
    }

    [Fact]
    public async Task O10_a_refresh_token_that_was_used_stays_used_after_a_restart()
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await host.TokensAsync()).GetProperty("refresh_token").GetString()!;
        using var first = await host.RefreshAsync(token);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await using var again = await OidcHost.StartAsync(host);
        using var replayed = await again.RefreshAsync(token);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(replayed));
    }
}
