using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>Tells browser, system and device from a User-Agent, roughly: enough to know one's own sessions apart.</summary>
internal static partial class UserAgents
{
    private static readonly (string Family, Regex Pattern)[] Browsers =
        [("Edge", Edge()), ("Opera", Opera()), ("Firefox", Firefox()), ("Chrome", Chrome()), ("Safari", Safari()), ("curl", Curl())];

    private static readonly (string Family, Regex Pattern)[] Systems =
        [("Windows", Windows()), ("Android", Android()), ("iOS", Ios()), ("Mac OS X", Mac()), ("Linux", Linux())];

    /// <summary>The parts as authentik names them.</summary>
    public static JsonObject Parse(string text)
    {
        var (browser, version) = First(Browsers, text);
        var (system, release) = First(Systems, text);
        return new JsonObject
        {
            ["device"] = new JsonObject { ["brand"] = "", ["family"] = text.Contains("Mobile", StringComparison.Ordinal) ? "Mobile" : "Other", ["model"] = "" },
            ["os"] = Numbered(system, release, withMinor: true),
            ["user_agent"] = Numbered(browser, version, withMinor: false),
            ["string"] = text,
        };
    }

    private static (string Family, string[] Version) First((string Family, Regex Pattern)[] known, string text)
    {
        foreach (var (family, pattern) in known)
        {
            if (pattern.Match(text) is { Success: true } match)
            {
                return (family, match.Groups[1].Value.Split('.', '_'));
            }
        }

        return ("Other", []);
    }

    private static JsonObject Numbered(string family, string[] version, bool withMinor)
    {
        var body = new JsonObject { ["family"] = family, ["major"] = At(0), ["minor"] = At(1), ["patch"] = At(2) };
        if (withMinor)
        {
            body["patch_minor"] = At(3);
        }

        return body;

        string At(int index) => index < version.Length ? version[index] : "";
    }

    [GeneratedRegex(@"Edg(?:e|A|iOS)?/([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Edge();

    [GeneratedRegex(@"OPR/([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Opera();

    [GeneratedRegex(@"Firefox/([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Firefox();

    [GeneratedRegex(@"Chrome/([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Chrome();

    [GeneratedRegex(@"Version/([0-9.]{1,20}) (?:Mobile/[0-9A-Za-z]{1,20} )?Safari/", RegexOptions.NonBacktracking)]
    private static partial Regex Safari();

    [GeneratedRegex(@"curl/([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Curl();

    [GeneratedRegex(@"Windows NT ([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Windows();

    [GeneratedRegex(@"Android ([0-9.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Android();

    [GeneratedRegex(@"(?:iPhone|CPU) OS ([0-9_]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Ios();

    [GeneratedRegex(@"Mac OS X ([0-9_.]{1,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Mac();

    [GeneratedRegex(@"Linux ?([0-9.]{0,20})", RegexOptions.NonBacktracking)]
    private static partial Regex Linux();
}
