using System.Net;

namespace Gatehouse.Model.Mail;

/// <summary>The words of the message that holds a code. No link: link scanners open those.</summary>
public static class PinMail
{
    /// <summary>Puts it together.</summary>
    /// <param name="to">Canonical address.</param>
    /// <param name="app">Name of what it opens.</param>
    /// <param name="brand">Title of the installation.</param>
    /// <param name="code">The code.</param>
    public static Mail Compose(string to, string app, string brand, string code)
    {
        const string Ending = "It is good for ten minutes, in the browser that asked for it only. If that was not you, do nothing, and give the code to nobody.";
        var subject = $"Your code for {string.Concat(app.Select(c => char.IsControl(c) ? ' ' : c))}";
        var text = $"Your code to sign in to {app}:\n\n{code}\n\n{Ending}\n\n{brand}\n";
        var html =
            $"""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{Html(subject)}</title></head>
            <body style="font:16px/1.5 system-ui,sans-serif;margin:0;padding:24px"><p>Your code to sign in to {Html(app)}:</p>
            <p style="font-size:28px;letter-spacing:4px">{code}</p><p>{Ending}</p><p>{Html(brand)}</p></body></html>
            """;
        return new Mail(to, subject, text, html);
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
