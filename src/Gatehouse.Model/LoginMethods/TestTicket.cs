using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;

namespace Gatehouse.Model.LoginMethods;

/// <summary>Lets its holder try a login method once: an administrator gets it over the API, the team domain takes it. Sealed, so that nothing is kept of it before it is used.</summary>
/// <param name="Id">Burnt when it is used.</param>
/// <param name="LoginMethodId">What it tries.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record TestTicket(string Id, Guid LoginMethodId, DateTimeOffset ExpiresAt)
{
    /// <summary>How long a ticket is good for.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private const int Longest = 512;

    /// <summary>A new one.</summary>
    public static TestTicket For(Guid loginMethod, DateTimeOffset now) => new("test-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)), loginMethod, now + Life);

    /// <summary>Its text.</summary>
    public string Seal(ISecretBox box) => Base64Url.EncodeToString(
        box.Seal(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Id} {LoginMethodId:D} {ExpiresAt.ToUnixTimeSeconds()}")), SecretPurposes.LoginMethodTest));

    /// <summary>Reads its text; null when it is not ours or too old.</summary>
    public static TestTicket? Open(ISecretBox box, string text, DateTimeOffset now)
    {
        if (text.Length is 0 or > Longest || !Base64Url.IsValid(text) || box.Open(Base64Url.DecodeFromChars(text), SecretPurposes.LoginMethodTest) is not { } plain)
        {
            return null;
        }

        var parts = Encoding.ASCII.GetString(plain).Split(' '); // sealed by us, so it has three
        var ticket = new TestTicket(parts[0], Guid.Parse(parts[1]), DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[2], CultureInfo.InvariantCulture)));
        return ticket.ExpiresAt > now ? ticket : null;
    }
}
