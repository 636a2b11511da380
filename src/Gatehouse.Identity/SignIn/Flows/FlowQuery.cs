using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The query string a flow was opened with. It names the instance: two tabs with different queries are two runs.</summary>
internal sealed class FlowQuery
{
    /// <summary>Parameter: the authorize endpoint wants people who are signed in to prove again who they are.</summary>
    public const string SignInAgain = "gh_reauth";

    private const int Longest = 8192;
    private readonly Dictionary<string, StringValues> values;

    private FlowQuery(string raw, Dictionary<string, StringValues> values) => (Raw, this.values) = (raw, values);

    /// <summary>As sent, without the question mark.</summary>
    public string Raw { get; }

    /// <summary>Whether a <c>next</c> was sent that must not be followed.</summary>
    public bool HasUnsafeNext => values.TryGetValue("next", out var sent) && sent is not [""] && !(sent is [{ } text] && NextUrl.IsSafe(text));

    /// <summary>Where to go at the end; null when none was sent.</summary>
    public string? Next => !HasUnsafeNext && values.TryGetValue("next", out var sent) && sent is [{ Length: > 0 } text] ? text : null;

    /// <summary>Who the client expects to sign in (OpenID Connect Core §3.1.2.1).</summary>
    public string? LoginHint => values.TryGetValue("login_hint", out var sent) && sent is [{ Length: > 0 and <= 254 } text] ? text : null;

    /// <summary>The client that asks, of an authorize request.</summary>
    public string? ClientId => values.TryGetValue("client_id", out var sent) && sent is [{ Length: > 0 and <= 255 } text] && text.All(c => c is > ' ' and < '\x7f') ? text : null;

    /// <summary>Whether people who are signed in must prove again who they are.</summary>
    public bool AsksToSignInAgain =>
        values.ContainsKey(SignInAgain) || (values.TryGetValue("prompt", out var prompts) && prompts.Any(p => p is not null && p.Split(' ').Contains("login")));

    /// <summary>Reads a query string; null when it is too long.</summary>
    public static FlowQuery? Read(string raw) => raw.Length > Longest ? null : new FlowQuery(raw, QueryHelpers.ParseQuery(raw));

    /// <summary>The query without <c>login_hint</c>: what "Not you?" goes back to.</summary>
    public string WithoutHint() => string.Join('&', Raw.Split('&').Where(pair => pair != "login_hint" && !pair.StartsWith("login_hint=", StringComparison.Ordinal)));
}
