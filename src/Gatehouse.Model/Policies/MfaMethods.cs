namespace Gatehouse.Model.Policies;

/// <summary>The kinds of second factor that Access takes by itself.</summary>
[Flags]
public enum MfaMethods
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>Codes of an authenticator app.</summary>
    Totp = 1,

    /// <summary>A device's own reader of a finger or a face, by WebAuthn with user verification.</summary>
    Biometrics = 2,

    /// <summary>A security key, by WebAuthn.</summary>
    SecurityKey = 4,

    /// <summary>Any of them.</summary>
    All = Totp | Biometrics | SecurityKey,
}

/// <summary>Cloudflare's words for the kinds, and the words for people.</summary>
public static class MfaWords
{
    private static readonly (MfaMethods Method, string Word, string Label)[] Known =
    [
        (MfaMethods.Totp, "totp", "authenticator app"),
        (MfaMethods.Biometrics, "biometrics", "biometrics"),
        (MfaMethods.SecurityKey, "security_key", "security key"),
    ];

    /// <summary>The kinds in <paramref name="methods"/>, one by one.</summary>
    public static IEnumerable<MfaMethods> Each(this MfaMethods methods) => Known.Where(k => methods.HasFlag(k.Method)).Select(k => k.Method);

    /// <summary>The word for one kind.</summary>
    public static string Word(this MfaMethods method) => Known.First(k => k.Method == method).Word;

    /// <summary>One kind, for people.</summary>
    public static string Label(this MfaMethods method) => Known.First(k => k.Method == method).Label;

    /// <summary>Several kinds, for people: <c>authenticator app or security key</c>.</summary>
    public static string Labels(this MfaMethods methods) => string.Join(" or ", methods.Each().Select(Label));

    /// <summary>The kind of <paramref name="word"/>; <see cref="MfaMethods.None"/> when there is none.</summary>
    public static MfaMethods Of(ReadOnlySpan<char> word)
    {
        foreach (var (method, known, _) in Known)
        {
            if (word.SequenceEqual(known))
            {
                return method;
            }
        }

        return MfaMethods.None;
    }
}
