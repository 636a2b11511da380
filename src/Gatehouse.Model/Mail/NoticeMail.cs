using System.Net;

namespace Gatehouse.Model.Mail;

/// <summary>Words of the messages that tell people what happened to their account.</summary>
public static class NoticeMail
{
    /// <summary>Puts one together. Whatever a person or an administrator chose stands in it as text, never as markup.</summary>
    /// <param name="to">Canonical address.</param>
    /// <param name="subject">Ours.</param>
    /// <param name="username">Whom it is for.</param>
    /// <param name="brand">Title of the installation.</param>
    /// <param name="sentences">What happened, and what to do.</param>
    /// <param name="url">Where to do it.</param>
    public static Mail Compose(string to, string subject, string username, string brand, IReadOnlyList<string> sentences, string url)
    {
        var text = $"Hello {username},\n\n{string.Join("\n\n", sentences)}\n\nYour account:\n{url}\n\n{brand}\n";
        var html =
            $"""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{Text(subject)}</title></head>
            <body style="font:16px/1.5 system-ui,sans-serif;margin:0;padding:24px"><div style="max-width:32rem;margin:auto">
            <p>Hello {Text(username)},</p>{string.Concat(sentences.Select(s => $"<p>{Text(s)}</p>"))}
            <p style="overflow-wrap:anywhere"><a href="{Text(url)}">{Text(url)}</a></p><p>{Text(brand)}</p></div></body></html>
            """;
        return new Mail(to, subject, text, html);
    }

    private static string Text(string raw) => WebUtility.HtmlEncode(raw);
}
