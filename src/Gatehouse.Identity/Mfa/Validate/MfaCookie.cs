using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>What the cookie says.</summary>
/// <param name="Device">Which authenticator: <c>totp.5</c>.</param>
/// <param name="Stage">At which stage.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Iat">When, in Unix seconds.</param>
/// <param name="Exp">Until when.</param>
internal sealed record RememberedMfa(string Device, Guid Stage, int User, long Iat, long Exp);

/// <summary>Remembers in a browser that an authenticator proved somebody at a stage, so that they are not asked again for a while.</summary>
internal sealed class MfaCookie(ISecretBox box, TimeProvider clock)
{
    /// <summary>Name of the cookie; authentik's.</summary>
    public const string Name = "authentik_mfa";

    private const string Header = """{"alg":"HS256","typ":"JWT"}""";

    /// <summary>Sets it. <paramref name="mark"/> is what it rests on: a new password, by whatever way, or the end of all sessions ends what was remembered before.</summary>
    public void Write(FlowRun run, Stage stage, Authenticator device, string mark, TimeSpan life)
    {
        var now = clock.GetUtcNow();
        var said = new RememberedMfa(NameOf(device), stage.Id, device.UserId, now.ToUnixTimeSeconds(), (now + life).ToUnixTimeSeconds());
        var head = $"{Encode(Header)}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(said, FlowJson.Default.RememberedMfa))}";
        run.Http.Response.Cookies.Append(Name, $"{head}.{Base64Url.EncodeToString(MacOf(head, stage, mark))}", new CookieOptions
        {
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            IsEssential = true,
            MaxAge = life,
        });
    }

    /// <summary>The one of <paramref name="usable"/> that the browser remembers; null when it is none of them, or too long ago for <paramref name="threshold"/>.</summary>
    public Authenticator? Find(FlowRun run, Stage stage, int userId, string mark, IReadOnlyList<Authenticator> usable, TimeSpan threshold)
    {
        if (CookieValues.Only(run.Http.Request, Name) is not { Length: <= 1024 } value || Read(value, stage, mark) is not { } said)
        {
            return null;
        }

        // The threshold may have been made shorter since.
        var now = clock.GetUtcNow();
        var isFresh = said.Exp > now.ToUnixTimeSeconds() && DateTimeOffset.FromUnixTimeSeconds(said.Iat) + threshold > now;
        return isFresh && said.Stage == stage.Id && said.User == userId ? usable.FirstOrDefault(d => NameOf(d) == said.Device) : null;
    }

    private RememberedMfa? Read(string value, Stage stage, string mark)
    {
        var cut = value.LastIndexOf('.');
        if (cut < 0 || !IsMac(value[(cut + 1)..], MacOf(value[..cut], stage, mark)))
        {
            return null;
        }

        // Signed by us, so it is as we wrote it.
        return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(value.AsSpan(0, cut)[(value.IndexOf('.', StringComparison.Ordinal) + 1)..]), FlowJson.Default.RememberedMfa);
    }

    private static bool IsMac(string sent, byte[] mac) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(Base64Url.EncodeToString(mac)));

    private byte[] MacOf(string head, Stage stage, string mark) =>
        HMACSHA256.HashData(box.DeriveKey($"identity mfa cookie v3 {stage.Id}"), Encoding.UTF8.GetBytes($"{head}\n{mark}"));

    private static string NameOf(Authenticator device) => string.Create(CultureInfo.InvariantCulture, $"{device.Class.Word()}.{device.Id}");

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
