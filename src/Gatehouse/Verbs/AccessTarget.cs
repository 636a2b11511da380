using System.CommandLine;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary>The flags by which a client proves itself at an app: cloudflared's names, and its variables beside ours.</summary>
internal sealed class AccessFlags
{
    private readonly Option<string?> token = Flags.Text("--access-token", "JWT", "An Access token for the hostname. Prefer the variable: a flag shows in the process list");
    private readonly Option<string?> id = Flags.Text("--service-token-id", "ID", "Client id of a service token; also TUNNEL_SERVICE_TOKEN_ID");
    private readonly Option<string?> secret = Flags.Text("--service-token-secret", "SECRET", "Its secret; also TUNNEL_SERVICE_TOKEN_SECRET. Prefer a variable: a flag shows in the process list");

    /// <summary>Adds them.</summary>
    public void AddTo(Command command)
    {
        command.Add(token);
        command.Add(id);
        command.Add(secret);
    }

    /// <summary>The headers they make; without any of them the token that <c>login</c> kept for the host, if it is still good.</summary>
    public Dictionary<string, string> Read(ParseResult parsed, Shell shell, string host, List<string> faults)
    {
        var headers = new Dictionary<string, string>();
        var given = Flags.Read(parsed, token, shell);
        var (name, key) = (Flags.Read(parsed, id, shell) ?? Variable(shell, "TUNNEL_SERVICE_TOKEN_ID"), Flags.Read(parsed, secret, shell) ?? Variable(shell, "TUNNEL_SERVICE_TOKEN_SECRET"));
        if (name is null != key is null)
        {
            faults.Add("a service token is two things: --service-token-id and --service-token-secret");
        }
        else if (name is not null && key is not null)
        {
            headers["Cf-Access-Client-Id"] = name;
            headers["Cf-Access-Client-Secret"] = key;
        }
        else if ((given ?? AccessTokenFiles.Find(shell, host)) is { } found)
        {
            headers["Cf-Access-Token"] = found;
        }

        if (headers.Values.Any(v => v.Any(c => c is <= ' ' or > '~')))
        {
            faults.Add("a token holds characters that no token has");
        }

        return headers;
    }

    private static string? Variable(Shell shell, string name) => shell.Variable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>An app as it is named on the command line.</summary>
internal static class AccessTarget
{
    /// <summary>The URL; null, and a fault, when it is none.</summary>
    public static Uri? Read(string? text, List<string> faults)
    {
        var whole = text is null || text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        if (whole is not null && Uri.TryCreate(whole, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0)
        {
            return url;
        }

        faults.Add($"'{LogText.Escape(text ?? "")}' is no application; expected a URL such as https://app.example.com");
        return null;
    }
}
