using System.Text;

namespace Gatehouse.Model.Apps;

/// <summary>Maps letters that compatibility folding (NFKC) or case folding turns into ASCII, as an origin's framework may do.</summary>
internal static class WideLetters
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The reading of an origin that decodes UTF-8 and folds; the same object when that changes nothing.</summary>
    public static string ToPlain(string bytes)
    {
        if (!bytes.AsSpan().ContainsAnyInRange('\u0080', '\u00ff') || bytes.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff') || Decoded(bytes) is not { } text)
        {
            return bytes;
        }

        var made = new StringBuilder(text.Length);
        var changed = false;
        foreach (var c in text)
        {
            var plain = Plain(c);
            changed |= plain is not null;
            made.Append(plain ?? c.ToString());
        }

        return changed ? made.ToString() : bytes;
    }

    private static string? Plain(char c) => c switch
    {
        >= '\uff01' and <= '\uff5e' => ((char)(c - 0xfee0)).ToString(), // full width
        '\u212a' => "k", // Kelvin
        '\u017f' => "s", // long s
        '\u0130' or '\u0131' => "i",
        '\u2024' or '\ufe52' => ".",
        '\u2025' => "..",
        '\u2026' => "...",
        '\u2044' or '\u2215' => "/",
        '\ufe68' => "\\",
        _ => null,
    };

    private static string? Decoded(string bytes)
    {
        try
        {
            return Strict.GetString(Encoding.Latin1.GetBytes(bytes));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
