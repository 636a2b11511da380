using Microsoft.AspNetCore.WebUtilities;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The query string a flow was opened with. It names the instance: two tabs with different queries are two runs.</summary>
internal sealed class FlowQuery
{
    /// <summary>Parameter: the authorize endpoint wants people who are signed in to prove again who they are.</summary>
    public const string SignInAgain = "gh_reauth";

    private const int Longest = 8192;
    private readonly Dictionary<string, List<string>> values;

    private FlowQuery(string raw, Dictionary<string, List<string>> values) => (Raw, this.values) = (raw, values);

    /// <summary>As sent, without the question mark.</summary>
    public string Raw { get; }

    /// <summary>Whether a <c>next</c> was sent that must not be followed.</summary>
    public bool HasUnsafeNext => values.TryGetValue("next", out var sent) && sent is not [""] && !(sent is [var text] && NextUrl.IsSafe(text));

    /// <summary>Where to go at the end; null when none was sent.</summary>
    public string? Next => !HasUnsafeNext && values.TryGetValue("next", out var sent) && sent is [{ Length: > 0 } text] ? text : null;

    /// <summary>Who the client expects to sign in (OpenID Connect Core §3.1.2.1).</summary>
    public string? LoginHint => values.TryGetValue("login_hint", out var sent) && sent is [{ Length: > 0 and <= 254 } text] ? text : null;

    /// <summary>The client that asks, of an authorize request.</summary>
    public string? ClientId => values.TryGetValue("client_id", out var sent) && sent is [{ Length: > 0 and <= 255 } text] && text.All(c => c is > ' ' and < '\x7f') ? text : null;

    /// <summary>The slug of the application that was logged out of; null when none.</summary>
    public string? Application => values.TryGetValue("application", out var sent) && sent is [{ Length: > 0 and <= 255 } text] ? text : null;

    /// <summary>The code of a device, when the address brought it along; null when none.</summary>
    public string? DeviceCode => values.TryGetValue("code", out var sent) && sent is [{ Length: > 0 and <= 20 } text] ? text : null;

    /// <summary>Whether people who are signed in must prove again who they are.</summary>
    public bool AsksToSignInAgain =>
        values.ContainsKey(SignInAgain) || (values.TryGetValue("prompt", out var prompts) && prompts.Exists(p => p.Split(' ').Contains("login")));

    /// <summary>The token of a link into the flow.</summary>
    public string? FlowToken => Only("flow_token");

    /// <summary>The invitation it was opened with.</summary>
    public string? InvitationToken => Only("itoken") ?? Only("token");

    /// <summary>Reads a query string; null when it is too long.</summary>
    public static FlowQuery? Read(string raw) => raw.Length > Longest ? null : new FlowQuery(raw, Parse(raw));

    /// <summary>The query without <c>login_hint</c>: what "Not you?" goes back to.</summary>
    public string WithoutHint() => string.Join('&', Raw.Split('&').Where(pair => pair != "login_hint" && !pair.StartsWith("login_hint=", StringComparison.Ordinal)));

    private string? Only(string name) => values.TryGetValue(name, out var sent) && sent is [{ Length: > 0 and <= 128 } text] ? text : null;

    // Names are compared byte for byte, as at the authorize endpoint: both must see the same parameters.
    private static Dictionary<string, List<string>> Parse(string raw)
    {
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(raw))
        {
            var name = pair.DecodeName().ToString();
            if (!found.TryGetValue(name, out var sent))
            {
                found[name] = sent = [];
            }

            sent.Add(pair.DecodeValue().ToString());
        }

        return found;
    }
}
