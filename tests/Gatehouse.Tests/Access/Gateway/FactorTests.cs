using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Access's own second factor at the gateway: row M05 of the attack cases.</summary>
public class FactorTests
{
    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    [Theory]
    [InlineData("policy")]
    [InlineData("app")]
    [InlineData("organization")]
    public async Task M05_a_session_without_the_second_factor_that_is_asked_for_is_none(string level)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var token = gateway.SignIn();
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        var app = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App;
        var rules = new MfaRules(false, MfaMethods.Totp, TimeSpan.FromHours(1));
        app.Mfa = level == "app" ? rules : null;
        app.Policies[0].Policy!.Mfa = level == "policy" ? rules : null;
        (gateway.Organization.Mfa, gateway.Organization.MfaRequiredForAllApps) = (new OrganizationMfa(MfaMethods.Totp, TimeSpan.FromHours(1), null), level == "organization");
        gateway.Reload();

        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
        Assert.Equal(401, (await gateway.GetAsync("/api", token, headers: "X-Requested-With: XMLHttpRequest\r\n")).Status);
        Assert.Equal(401, (await gateway.GetAsync("/api", token, headers: "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n")).Status);
        Assert.Equal(302, (await gateway.GetAsync("/ws", token, headers: Upgrade)).Status);
        Assert.Equal(401, (await gateway.GetAsync("/ws", token, headers: Upgrade + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: websocket\r\n")).Status);
        Assert.Equal(200, (await gateway.GetAsync("/public/x", token)).Status); // nobody is asked who they are there

        // Given in the session, at the kind that counts, it opens, until it has run out.
        gateway.Sessions.Change(GatewayHost.NonceOf(token), s => s.Passed = [Passed.OfMfa(MfaMethods.SecurityKey, gateway.Clock.GetUtcNow())]);
        gateway.Clock.Advance(TimeSpan.FromMinutes(2)); // what is known of a session is looked up again
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
        gateway.Sessions.Change(GatewayHost.NonceOf(token), s => s.Passed = [Passed.OfMfa(MfaMethods.Totp, gateway.Clock.GetUtcNow())]);
        gateway.Clock.Advance(TimeSpan.FromMinutes(2)); // what is known of a session is looked up again
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
    }

    [Fact]
    public async Task Where_every_entry_asks_a_token_stands_by_the_proof_of_its_own_entry()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var (began, token, entry) = (gateway.Clock.GetUtcNow(), gateway.SignIn(), gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")]);
        var (nonce, app) = (GatewayHost.NonceOf(token), entry.App);
        (gateway.Organization.Mfa, app.Mfa) = (new OrganizationMfa(MfaMethods.Totp, null, null), new MfaRules(false, MfaMethods.None, TimeSpan.Zero));
        gateway.Reload();
        gateway.Clock.Advance(TimeSpan.FromMinutes(5));
        var later = gateway.Clock.GetUtcNow();
        Assert.Equal(302, await AfterAsync(Passed.OfMfa(MfaMethods.Totp, later), Passed.OfEntry(MfaMethods.Totp, later, app.Id))); // a newer entry's
        Assert.Equal(302, await AfterAsync(Passed.OfMfa(MfaMethods.Totp, began), Passed.OfEntry(MfaMethods.Totp, began, Guid.CreateVersion7()))); // another app's
        Assert.Equal(200, await AfterAsync(Passed.OfEntry(MfaMethods.Totp, began, app.Id), Passed.OfEntry(MfaMethods.Totp, later, app.Id)));

        // A program entered when it was granted its session; it renews its tokens for as long as that lasts.
        AccessSession? program = null;
        gateway.Sessions.Change(nonce, s => program = s);
        token = gateway.Issuer().IssueApp(gateway.Tables.Current, gateway.Tables.Current.AppsByAud[entry.App.Aud], "app.test", program!, TimeSpan.FromHours(1));
        gateway.Sessions.Change(nonce, s => s.ParentNonce = "parent");
        app.Policies[0].Policy!.Include.Add(new Rule.Email("bob@example.org")); // so that it is judged
        gateway.Reload();
        Assert.Equal(200, await AfterAsync(Passed.OfEntry(MfaMethods.Totp, began, app.Id)));
        gateway.Sessions.Change(nonce, s => s.ParentNonce = null);
        Assert.Equal(302, await AfterAsync(Passed.OfEntry(MfaMethods.Totp, began, app.Id)));

        async Task<int> AfterAsync(params List<string> passed)
        {
            gateway.Sessions.Change(nonce, s => s.Passed = passed);
            gateway.Clock.Advance(TimeSpan.FromMinutes(2)); // what is known of a session is looked up again
            return (await gateway.GetAsync("/", token)).Status;
        }
    }
}
