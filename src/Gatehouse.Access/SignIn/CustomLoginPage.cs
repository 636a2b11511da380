using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>The choice of login method on a page that an administrator wrote: their words and looks around our links.</summary>
internal static partial class CustomLoginPage
{
    /// <summary>The page of an app with what changes filled in; null when it has none of its own.</summary>
    public static IResult? Of(AccessTable table, AppEntry app, string host, IEnumerable<KeyValuePair<string, string>> methods) =>
        app.App.CustomPages.Select(id => table.CustomPages.GetValueOrDefault(id)).FirstOrDefault(p => p?.Kind == CustomPageKind.Login) is { } page
            ? new CustomPageResult(Fill(page.Html, app.App.Name, host, methods), StatusCodes.Status200OK)
            : null;

    // In one pass: a name that looks like a place to fill stays a name.
    private static string Fill(string html, string name, string host, IEnumerable<KeyValuePair<string, string>> methods) => Places().Replace(html, place => place.Groups[1].Value switch
    {
        "LoginMethods" => string.Concat(methods.Select(m => $"<a class=\"login-method\" href=\"{Encode(m.Value)}\">{Encode(m.Key)}</a>\n")),
        "AppName" => Encode(name),
        "AppHost" => Encode(host),
        _ => throw new UnreachableException(),
    });

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);

    [GeneratedRegex(@"\{\{(LoginMethods|AppName|AppHost)\}\}")]
    private static partial Regex Places();
}
