using System.Net;

namespace Gatehouse.Model.Mail;

/// <summary>The words of the message that asks somebody to approve access.</summary>
public static class ApprovalMail
{
    /// <summary>Puts it together. What the person wrote stands in it as text, never as markup.</summary>
    public static Mail Compose(string approver, string requester, string app, string purpose, string brand, string url)
    {
        var subject = $"{requester} asks for access to {OneLine(app)}";
        var reason = purpose.Length == 0 ? "They gave no reason." : $"Their reason: {purpose}";
        var end = "The link is for you alone: whoever has it can answer in your name. It works for 24 hours. Opening it changes nothing; the page asks for your answer.";
        var text = $"{requester} asks to be let into {app} for a time.\n\n{reason}\n\nAnswer here:\n{url}\n\n{end}\n\n{brand}\n";
        var html =
            $"""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{Html(subject)}</title></head>
            <body style="font-family:system-ui,sans-serif;line-height:1.5"><p>{Html(requester)} asks to be let into {Html(app)} for a time.</p><p>{Html(reason)}</p>
            <p><a href="{Html(url)}">Answer</a></p><p>{Html(end)}</p><p>{Html(brand)}</p></body></html>
            """;
        return new Mail(approver, subject, text, html);
    }

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
