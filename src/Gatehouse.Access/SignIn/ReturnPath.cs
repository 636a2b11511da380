using System.Diagnostics.CodeAnalysis;
using Gatehouse.Access.Agents;
using Gatehouse.Model.Apps;

namespace Gatehouse.Access.SignIn;

/// <summary>Where a sign-in goes back to: a path with its query on the app's own host, never another place.</summary>
internal static class ReturnPath
{
    // It travels inside two more URLs, each of which a server somewhere caps at 8 KB.
    private const int Longest = 2048;

    /// <summary>Whether <paramref name="text"/> is one that no browser reads as another host, and no page of our own.</summary>
    public static bool IsSafe([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= Longest }
        && text[0] == '/'
        && !(text.Length > 1 && text[1] is '/' or '\\')
        && RequestPath.TryParse(text, out var path, out _)
        && (!path.Deep.StartsWith("/cdn-cgi/", StringComparison.Ordinal) || IsToQuestion(text));

    /// <summary>Whether it leads to where a person is asked about a program: the one page of ours that a sign-in may go back to.</summary>
    public static bool IsToQuestion(string text) => text.StartsWith(AgentAuthorization.ReturnPath + "?", StringComparison.Ordinal);

    /// <summary>The target itself when it is safe; else the front page.</summary>
    public static string OrRoot(string target) => IsSafe(target) ? target : "/";

    /// <summary>The path alone.</summary>
    public static string WithoutQuery(string target) => target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? target[..at] : target;
}
