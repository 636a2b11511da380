using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Gatehouse.Model.Providers;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Compares an offered redirect URI with the registered ones. Strings only: <see cref="Uri"/> would fold what must differ.</summary>
internal sealed partial class RedirectUris(ILogger<RedirectUris> logger)
{
    private const int Longest = 2048;
    private const int MostPatterns = 1000;
    private static readonly string[] ScriptSchemes = ["javascript", "data", "vbscript"];
    private static readonly string[] AnswerParameters = ["code", "state", "iss", "error", "error_description"];

    // Such patterns take time in proportion to the text. It ends what a very large one would do, and must be no matter of how busy the machine is.
    private static readonly TimeSpan RegexBudget = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Regex?> patterns = new(StringComparer.Ordinal);

    /// <summary>Null when <paramref name="offered"/> is registered and safe to redirect to; otherwise the reason it is not.</summary>
    public string? Fault(string? offered, OAuth2Provider provider, RedirectUriType type)
    {
        if (offered is null)
        {
            return "no redirect URI was sent, or more than one";
        }

        if (Unsafe(offered) is { } reason)
        {
            return reason;
        }

        foreach (var registered in provider.RedirectUris)
        {
            if (registered.Type == type && Matches(offered, registered))
            {
                return null;
            }
        }

        return "it is none of the registered ones";
    }

    /// <summary>The first position where the two differ; their length when they are equal.</summary>
    public static int FirstDifference(string left, string right) => left.AsSpan().CommonPrefixLength(right);

    /// <summary>The origin (RFC 6454) of an http or https URI, or null.</summary>
    public static string? OriginOf(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && (parsed.Scheme == Uri.UriSchemeHttps || parsed.Scheme == Uri.UriSchemeHttp)
            ? $"{parsed.Scheme}://{parsed.IdnHost}{(parsed.IsDefaultPort ? "" : $":{parsed.Port}")}"
            : null;

    /// <summary>Why <paramref name="uri"/> must not be redirected to, registered or not: a browser could read it differently than we do, or would run it. Null when it may.</summary>
    public static string? Unsafe(string uri)
    {
        if (uri.Length > Longest)
        {
            return $"it is longer than {Longest} characters";
        }

        if (uri.AsSpan().ContainsAnyExceptInRange('!', '~') || uri.AsSpan().ContainsAny("\\\"<>"))
        {
            return "it holds characters that no URI holds";
        }

        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || !char.IsAsciiLetter(uri[0]) || uri.AsSpan(0, colon).ContainsAny("/?#"))
        {
            return "it is not absolute";
        }

        if (ScriptSchemes.Contains(uri[..colon].ToLowerInvariant()))
        {
            return "its scheme runs scripts";
        }

        if (uri.Contains('#', StringComparison.Ordinal))
        {
            return "it has a fragment (RFC 6749 §3.1.2)";
        }

        // The client could not tell such a parameter from our answer.
        var question = uri.IndexOf('?', StringComparison.Ordinal);
        return question >= 0 && AnswerParameters.Any(OAuthParameters.OfQuery(uri[question..]).Has) ? "its query holds a parameter of the answer" : null;
    }

    private bool Matches(string offered, RedirectUri registered)
    {
        if (registered.Mode == MatchingMode.Strict)
        {
            return string.Equals(offered, registered.Url, StringComparison.Ordinal);
        }

        if (HasUserInfo(offered) || PatternOf(registered.Url) is not { } pattern)
        {
            return false;
        }

        try
        {
            return pattern.IsMatch(offered);
        }
        catch (RegexMatchTimeoutException)
        {
            LogSlowPattern(registered.Url);
            return false;
        }
    }

    // https://app.test@evil.test/ goes to evil.test; a pattern's author seldom thinks of it.
    private static bool HasUserInfo(string uri)
    {
        var start = uri.IndexOf("//", StringComparison.Ordinal);
        if (start < 0)
        {
            return false;
        }

        var rest = uri.AsSpan(start + 2);
        var end = rest.IndexOfAny('/', '?');
        return (end < 0 ? rest : rest[..end]).Contains('@');
    }

    private Regex? PatternOf(string text)
    {
        if (patterns.Count > MostPatterns)
        {
            patterns.Clear();
        }

        return patterns.GetOrAdd(text, Compile);
    }

    private Regex? Compile(string text)
    {
        try
        {
            return new Regex(@"\A(?:" + text + @")\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, RegexBudget);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            LogBadPattern(text, e.Message);
            return null;
        }
    }

    [LoggerMessage(EventId = 2010, Level = LogLevel.Warning, Message = "The redirect pattern {Pattern} can't be used: {Fault}")]
    private partial void LogBadPattern(string pattern, string fault);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "The redirect pattern {Pattern} took too long; treated as no match")]
    private partial void LogSlowPattern(string pattern);
}
