namespace Gatehouse.Access.SignIn;

/// <summary>Picks from what a request calls tokens those worth a look.</summary>
internal static class TokenCandidates
{
    // A browser sends one, or two when an app's path has its own. More is an attempt to make us verify.
    private const int Most = 4;
    private const int ShortestToken = 100;
    private const int LongestToken = 8192;

    /// <summary>The first few different ones that could be a token at all.</summary>
    public static IEnumerable<string> Of(IEnumerable<string> texts) =>
        texts.Where(t => t.Length is >= ShortestToken and <= LongestToken).Distinct(StringComparer.Ordinal).Take(Most);
}
