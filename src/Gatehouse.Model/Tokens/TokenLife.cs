using System.Text.Json;
using Gatehouse.Model.Providers;

namespace Gatehouse.Model.Tokens;

/// <summary>How long a user's tokens may last: <c>goauthentik.io/user/token-expires</c> and <c>goauthentik.io/user/token-maximum-lifetime</c> among their attributes.</summary>
/// <param name="MustExpire">False: the user's tokens last for ever.</param>
/// <param name="Usual">The life of an API token.</param>
/// <param name="Longest">The most that an app password may be given.</param>
public sealed record TokenLife(bool MustExpire, TimeSpan Usual, TimeSpan Longest)
{
    private const string Expires = "goauthentik.io/user/token-expires";
    private const string Maximum = "goauthentik.io/user/token-maximum-lifetime";

    /// <summary>The life of tokens of <paramref name="intent"/> at most.</summary>
    public TimeSpan Of(TokenIntent intent) => intent == TokenIntent.AppPassword ? Longest : Usual;

    /// <summary>What <paramref name="attributesJson"/> of a user say; <paramref name="duration"/> is the installation's, as written, for what they don't.</summary>
    public static TokenLife Read(string attributesJson, string duration)
    {
        var usual = ValidityPeriod.Parse(duration);
        using var known = JsonDocument.Parse(attributesJson);
        if (known.RootElement.ValueKind != JsonValueKind.Object)
        {
            return new TokenLife(true, usual, usual);
        }

        var mustExpire = !known.RootElement.TryGetProperty(Expires, out var may) || may.ValueKind != JsonValueKind.False;
        return known.RootElement.TryGetProperty(Maximum, out var life) && life.ValueKind == JsonValueKind.String && ValidityPeriod.TryParse(life.GetString() ?? "", out var own)
            ? new TokenLife(mustExpire, usual, own)
            : new TokenLife(mustExpire, usual, usual);
    }
}
