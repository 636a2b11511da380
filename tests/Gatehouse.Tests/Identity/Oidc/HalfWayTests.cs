using System.Net;
using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.SignIn;
using Gatehouse.Web.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>A browser that has shown the password and not the second factor is nobody, wherever it goes. Row M05 of the attack cases.</summary>
public class HalfWayTests
{
    private const string Password = "ada's password, long enough";

    [Fact]
    public async Task M05_a_cookie_of_half_a_sign_in_opens_no_application_no_device_and_no_api()
    {
        await using var host = await OidcHost.StartAsync();
        await PrepareAsync(host);
        using var browser = new Browser(host.Address);
        var login = browser.Flow("half");
        await login.AnswerAsync(("uid_field", "ada"));
        Assert.Equal("ak-stage-authenticator-validate", (await login.AnswerAsync(("component", "ak-stage-password"), ("password", Password))).Component);
        var cookie = $"{BrowserSessions.Cookie}={browser.Session}";

        using var authorize = await host.GetAsync(OidcHost.Authorize(), cookie);
        Assert.StartsWith("/if/flow/default-authentication-flow/", authorize.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using var silent = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), cookie);
        Assert.Equal("login_required", OidcHost.Field(silent.Headers.Location!, "error"));
        foreach (var slug in (string[])["default-provider-authorization-implicit-consent", "default-provider-authorization-explicit-consent", "default-device-code-flow"])
        {
            Assert.Equal("ak-stage-access-denied", (await browser.Flow(slug, OidcHost.Authorize().Split('?')[1]).ShowAsync()).Component);
        }

        using var device = await host.GetAsync("/device?code=123456789", cookie);
        Assert.Equal(HttpStatusCode.Found, device.StatusCode);
        Assert.EndsWith("?next=%2Fdevice%3Fcode%3D123456789", device.Headers.Location!.OriginalString, StringComparison.Ordinal); // to the sign-in page, and back
        using var page = await host.GetAsync("/if/user/", cookie);
        Assert.Equal(HttpStatusCode.Found, page.StatusCode);
        Assert.Null(await CallerAsync(host, cookie));

        // All of it opens with the second factor.
        Assert.Equal("xak-flow-redirect", (await login.AnswerAsync(("component", "ak-stage-authenticator-validate"), ("code", "abcd2345"))).Component);
        var whole = $"{BrowserSessions.Cookie}={browser.Session}";
        Assert.Equal(host.Seed.AdaId, (await CallerAsync(host, whole))?.UserId);
        Assert.Null(await CallerAsync(host, cookie)); // and the cookie of before is worth nothing (S01)
    }

    private static async Task<BrowserCaller?> CallerAsync(OidcHost host, string cookie)
    {
        await using var scope = host.Scope();
        var http = OidcHost.Http();
        http.Request.Headers.Cookie = cookie;
        return await scope.ServiceProvider.GetRequiredService<IBrowserCallers>().FindAsync(http, OidcHost.Stop);
    }

    private static Task PrepareAsync(OidcHost host) => host.ChangeAsync(async db =>
    {
        SignInHost.Add(db, "half", "authentication", "none", "Half", (StageType.Identification, "{}"), (StageType.Password, "{}"), (StageType.AuthenticatorValidate, "{}"), (StageType.UserLogin, "{}"));
        (await db.Users.SingleAsync(u => u.Id == host.Seed.AdaId, OidcHost.Stop)).PasswordHash = PasswordHash.Make(Password);
        var device = new StaticDevice { UserId = host.Seed.AdaId, Name = "codes", EnrolmentId = Guid.CreateVersion7(), CreatedAt = host.Clock.GetUtcNow(), UpdatedAt = host.Clock.GetUtcNow() };
        await using var scope = host.Scope();
        device.Codes.Add(new StaticCode { DeviceId = 0, Hash = scope.ServiceProvider.GetRequiredService<RecoveryCodes>().HashOf(host.Seed.AdaId, "abcd2345") }); // the key is filled in when it is made
        db.StaticDevices.Add(device);
    });
}
