using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Identity.Mfa;

namespace Gatehouse.Tests.Access.SignIn.Mfa;

/// <summary>What tests of second factors do at the pages about them.</summary>
internal static partial class MfaRig
{
    public const string Home = "https://app.test/";
    public const string Post = "https://access.test/cdn-cgi/access/mfa";
    public const string Devices = "https://access.test/cdn-cgi/access/mfa-devices";

    /// <summary>A rig whose every app asks for a second factor.</summary>
    public static Task<SignInRig> StartAsync(MfaMethods allowed = MfaMethods.All, TimeSpan? duration = null, Action<SignInRig>? change = null) => SignInRig.StartAsync(r =>
    {
        r.Organization.Mfa = new OrganizationMfa(allowed, duration, null);
        r.Organization.MfaRequiredForAllApps = true;
        change?.Invoke(r);
    });

    public static string StateOf(Answer page) => State().Match(page.Body).Groups[1].Value;

    /// <summary>The secret that an enrolment page shows.</summary>
    public static byte[] SecretOf(Answer page) => Decode(Secret().Match(page.Body).Groups[1].Value);

    /// <summary>The code of this moment.</summary>
    public static string CodeOf(SignInRig rig, byte[] secret) => Totp.CodeAt(Totp.StepAt(rig.Clock.GetUtcNow()), secret, AccessTotp.Digits);

    /// <summary>Answers the enrolment page with an app, and follows.</summary>
    public static async Task<(Answer Answer, byte[] Secret)> EnrolAppAsync(SignInRig rig, Browser browser, Answer page)
    {
        Assert.Contains("Add a second factor", page.Body, StringComparison.Ordinal);
        var secret = SecretOf(page);
        return (await FollowAsync(browser, await AnswerAsync(browser, page, "totp", CodeOf(rig, secret))), secret);
    }

    /// <summary>Signs in and enrols an app; the answer is its secret.</summary>
    public static async Task<byte[]> BeginAsync(SignInRig rig, Browser browser)
    {
        var (answer, secret) = await EnrolAppAsync(rig, browser, await rig.SignInAsync(browser, Home));
        Assert.Equal("app /", answer.Body);
        return secret;
    }

    /// <summary>Answers a page by a code.</summary>
    public static Task<Answer> AnswerAsync(Browser browser, Answer page, string answer, string code) => browser.PostAsync(Post, ("state", StateOf(page)), ("answer", answer), ("code", code));

    /// <summary>Answers a page by a credential.</summary>
    public static Task<Answer> KeyAsync(Browser browser, Answer page, string answer, JsonObject credential) =>
        browser.PostAsync(Post, ("state", StateOf(page)), ("answer", answer), ("credential", credential.ToJsonString()));

    /// <summary>A key for the team domain.</summary>
    public static SoftKey Key(byte flags = 0x05) => new() { Origin = "https://access.test", RpId = "access.test", Flags = flags };

    /// <summary>Enrols a key at the page.</summary>
    public static async Task<Answer> EnrolKeyAsync(Browser browser, Answer page, SoftKey key, string kind = "security_key") =>
        await FollowAsync(browser, await KeyAsync(browser, page, kind, key.Create(OptionsOf(page, kind))));

    /// <summary>What the page asks the browser for.</summary>
    public static JsonElement OptionsOf(Answer page, string answer)
    {
        foreach (Match form in Form().Matches(page.Body))
        {
            if (form.Value.Contains($"name=\"answer\" value=\"{answer}\"", StringComparison.Ordinal))
            {
                return JsonDocument.Parse(WebUtility.HtmlDecode(form.Groups[1].Value)).RootElement.Clone();
            }
        }

        throw new InvalidOperationException($"no form for {answer}: {page.Body}");
    }

    /// <summary>Where an answer leads: by a redirect, or by a page that goes on by itself.</summary>
    public static string? OnwardOf(Answer answer) => answer.Location ?? (answer.Headers.GetValueOrDefault("Refresh") is { } refresh ? refresh["0; url=".Length..] : null);

    public static async Task<Answer> FollowAsync(Browser browser, Answer answer) =>
        OnwardOf(answer) is { } to ? await browser.FollowAsync(to.StartsWith('/') ? "https://access.test" + to : to) : answer;

    /// <summary>Ends the session as signing out does; the app's cookie is gone as well.</summary>
    public static void Forget(Browser browser) => browser.Cookies.RemoveAll(c => c.Name == "CF_Authorization");

    /// <summary>Only the app's cookie is gone: the next visit comes by the team domain.</summary>
    public static void LeaveApp(Browser browser) => browser.Cookies.RemoveAll(c => c.Host == "app.test");

    private static byte[] Decode(string base32)
    {
        var (bytes, held, bits) = (new List<byte>(), 0, 0);
        foreach (var letter in base32)
        {
            held = (held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal);
            bits += 5;
            if (bits >= 8)
            {
                bytes.Add((byte)(held >> (bits - 8)));
                bits -= 8;
                held &= (1 << bits) - 1;
            }
        }

        return [.. bytes];
    }

    [GeneratedRegex("name=\"state\" value=\"([^\"]+)\"")]
    private static partial Regex State();

    [GeneratedRegex("id=\"secret\">([A-Z2-7]+)<")]
    private static partial Regex Secret();

    [GeneratedRegex("<form[^>]*data-options=\"([^\"]*)\".*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();
}
