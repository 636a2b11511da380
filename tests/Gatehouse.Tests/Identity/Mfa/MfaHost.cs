using System.Text.Json.Nodes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Store.Seeds;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>Sign-in with authenticators: the shipped login flow with its validation stage, and the three set-up flows.</summary>
internal static class MfaHost
{
    public const string Login = "default-authentication-flow";
    public const string TotpSetup = "default-authenticator-totp-setup";
    public const string StaticSetup = "default-authenticator-static-setup";
    public const string KeySetup = "default-authenticator-webauthn-setup";
    public const string Passwordless = "passwordless";

    /// <summary>A host whose login flow has a validation stage with these settings.</summary>
    public static async Task<SignInHost> StartAsync(string validation = "{}", string keySetup = "{}")
    {
        var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            SignInHost.Add(db, TotpSetup, "stage_configuration", "require_authenticated", "App", (StageType.AuthenticatorTotp, """{"digits":"6","friendly_name":""}"""));
            SignInHost.Add(db, StaticSetup, "stage_configuration", "require_authenticated", "Codes", (StageType.AuthenticatorStatic, "{}"));
            SignInHost.Add(db, KeySetup, "stage_configuration", "require_authenticated", "Key", (StageType.AuthenticatorWebAuthn, keySetup));
            SignInHost.Add(db, Passwordless, "authentication", "none", "Passkey", (StageType.AuthenticatorValidate, """{"device_classes":["webauthn"]}"""), (StageType.UserLogin, "{}"));
            var login = await db.Flows.SingleAsync(f => f.Slug == Login, TestContext.Current.CancellationToken);
            var stage = new Stage { Id = Guid.CreateVersion7(), Name = "mfa", Type = StageType.AuthenticatorValidate, SettingsJson = validation };
            db.Stages.Add(stage);
            db.FlowStageBindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(), FlowId = login.Id, StageId = stage.Id, Order = 15 });
        });
        return host;
    }

    /// <summary>Binds the shipped policies to the stages of the login flow, as a fresh installation has them.</summary>
    public static async Task BindShippedAsync(this SignInHost host)
    {
        await host.ChangeAsync(db =>
        {
            PolicySeeds.Add(db, host.Clock.GetUtcNow());
            return Task.CompletedTask;
        });
        await host.ChangeAsync(async db =>
        {
            foreach (var (stage, policy) in new[] { (StageType.Password, "password-stage"), (StageType.AuthenticatorValidate, "authenticator-validate-stage") })
            {
                var target = await db.FlowStageBindings.SingleAsync(b => b.Stage!.Type == stage && db.Flows.Any(f => f.Id == b.FlowId && f.Slug == Login), TestContext.Current.CancellationToken); // every binding has a stage
                var bound = await db.IdentityPolicies.SingleAsync(p => p.Name == $"{Login}-{policy}", TestContext.Current.CancellationToken);
                db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = target.Id, PolicyId = bound.Id, Order = 10 });
            }
        });
    }

    /// <summary>Offers passkeys of the validation stage on the first page.</summary>
    public static Task OfferPasskeysAsync(this SignInHost host) => host.ChangeAsync(async db =>
    {
        var validation = await db.Stages.SingleAsync(s => s.Name == "mfa", TestContext.Current.CancellationToken);
        var passwordless = await db.Flows.SingleAsync(f => f.Slug == Passwordless, TestContext.Current.CancellationToken);
        var first = await db.Stages.SingleAsync(s => s.Name == Login + " 0", TestContext.Current.CancellationToken);
        first.SettingsJson = $$"""{"webauthn_stage":"{{validation.Id}}","passwordless_flow":"{{passwordless.Id}}"}""";
    });

    /// <summary>Changes the settings of the validation stage.</summary>
    public static Task SetAsync(this SignInHost host, string settings) => host.ChangeAsync(async db =>
    {
        var stage = await db.Stages.SingleAsync(s => s.Name == "mfa", TestContext.Current.CancellationToken);
        stage.SettingsJson = settings;
    });

    public static Task<Guid> StageAsync(this SignInHost host, string flow) => host.ReadAsync(db =>
        db.FlowStageBindings.Where(b => db.Flows.Any(f => f.Id == b.FlowId && f.Slug == flow)).Select(b => b.StageId).FirstAsync(TestContext.Current.CancellationToken));

    /// <summary>Signs in up to the validation stage.</summary>
    public static async Task<(FlowDriver Flow, Seen Seen)> PasswordAsync(Browser browser, string user = "alice", string query = "")
    {
        var flow = browser.Flow(Login, query);
        await flow.AnswerAsync(("uid_field", user));
        return (flow, await flow.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password)));
    }

    /// <summary>Enrols an app for whoever is signed in; returns its secret. The step of its code is burnt.</summary>
    public static async Task<byte[]> EnrolTotpAsync(this SignInHost host, Browser browser)
    {
        var flow = browser.Flow(TotpSetup);
        var secret = SecretOf(await flow.ShowAsync());
        Assert.Equal("xak-flow-redirect", (await flow.AnswerAsync(("component", "ak-stage-authenticator-totp"), ("code", host.Code(secret)))).Component);
        return secret;
    }

    /// <summary>Makes recovery codes for whoever is signed in.</summary>
    public static async Task<IReadOnlyList<string>> EnrolStaticAsync(Browser browser)
    {
        var flow = browser.Flow(StaticSetup);
        var codes = (await flow.ShowAsync()).Json.GetProperty("codes").EnumerateArray().Select(c => c.GetString()!).ToList(); // texts by contract
        Assert.Equal("xak-flow-redirect", (await flow.AnswerAsync(("component", "ak-stage-authenticator-static"))).Component);
        return codes;
    }

    /// <summary>Enrols a key for whoever is signed in.</summary>
    public static async Task<Seen> EnrolKeyAsync(Browser browser, SoftKey key)
    {
        var flow = browser.Flow(KeySetup);
        var asked = await flow.ShowAsync();
        Assert.Equal("ak-stage-authenticator-webauthn", asked.Component);
        return await flow.AnswerJsonAsync(new JsonObject { ["component"] = "ak-stage-authenticator-webauthn", ["response"] = key.Create(asked.Json.GetProperty("registration")) });
    }

    /// <summary>The code of now.</summary>
    public static string Code(this SignInHost host, byte[] secret, int drift = 0) => Totp.CodeAt(Totp.StepAt(host.Clock.GetUtcNow()) + drift, secret, 6);

    public static Task<Seen> CodeAsync(FlowDriver flow, string code) => flow.AnswerAsync(("component", "ak-stage-authenticator-validate"), ("code", code));

    public static Task<Seen> ProveAsync(FlowDriver flow, JsonObject webauthn) =>
        flow.AnswerJsonAsync(new JsonObject { ["component"] = "ak-stage-authenticator-validate", ["webauthn"] = webauthn });

    /// <summary>Goes on to the next step of apps.</summary>
    public static void NextStep(this SignInHost host) => host.Clock.Advance(TimeSpan.FromSeconds(30));

    public static Task<List<string>> AmrAsync(this SignInHost host) => host.ReadAsync(async db =>
        (await db.AuthenticatedSessions.OrderByDescending(s => s.Uuid).ToListAsync(TestContext.Current.CancellationToken))[0].Amr);

    public static byte[] SecretOf(Seen seen)
    {
        var query = new Uri(seen.Text("config_url")).Query;
        var text = query.Split("secret=")[1].Split('&')[0];
        var bits = string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }
}
