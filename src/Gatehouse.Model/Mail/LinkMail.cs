using System.Globalization;
using System.Net;

namespace Gatehouse.Model.Mail;

/// <summary>Words of the messages that hold a link.</summary>
public static class LinkMail
{
    /// <summary>Puts one together. Whatever a person or an administrator chose stands in it as text, never as markup.</summary>
    /// <param name="template">authentik's name of the template.</param>
    /// <param name="to">Canonical address.</param>
    /// <param name="subject">As an administrator chose it.</param>
    /// <param name="username">Whom it is for.</param>
    /// <param name="brand">Title of the installation.</param>
    /// <param name="url">The link.</param>
    /// <param name="minutes">How long it works.</param>
    public static Mail Compose(string template, string to, string subject, string username, string brand, string url, int minutes)
    {
        var (lead, action) = template switch
        {
            "email/account_confirmation.html" => ("Confirm that this address is yours, and your account is ready.", "Confirm account"),
            "email/setup.html" => ("You were given an account. Open the link to set it up.", "Set up account"),
            _ => ("Somebody, probably you, asked for a new password.", "Choose a new password"),
        };
        var life = minutes >= 120 ? $"{minutes / 60} hours" : minutes == 1 ? "one minute" : $"{minutes} minutes";
        return Letter(to, subject, $"Hello {username},", lead, action, url, $"The link works once, for {life}. If this was not you, do nothing: without the link nothing changes.", brand);
    }

    /// <summary>An invitation, for whoever reads what comes to <paramref name="to"/>.</summary>
    public static Mail Invite(string to, string brand, string url, DateTimeOffset? end, bool isSingleUse)
    {
        var until = end is { } at ? at.UtcDateTime.ToString("', until 'yyyy-MM-dd HH:mm' UTC'", CultureInfo.InvariantCulture) : "";
        return Letter(
            to, $"You are invited to {brand}", "Hello,", $"You are invited to make an account at {brand}.", "Accept the invitation", url,
            $"The link works{(isSingleUse ? " once" : "")}{until}. Whoever has it can use it: pass it on to nobody. If you expected no invitation, do nothing.", brand);
    }

    private static Mail Letter(string to, string subject, string greeting, string lead, string action, string url, string end, string brand)
    {
        var text = $"{greeting}\n\n{lead}\n\n{action}:\n{url}\n\n{end}\n\n{brand}\n";
        var html =
            $"""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{Text(subject)}</title></head>
            <body style="font:16px/1.5 system-ui,sans-serif;margin:0;padding:24px"><div style="max-width:32rem;margin:auto">
            <p>{Text(greeting)}</p><p>{Text(lead)}</p>
            <p><a href="{Text(url)}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#1d5fbf;color:#fff;text-decoration:none">{action}</a></p>
            <p style="overflow-wrap:anywhere">Or open this address: {Text(url)}</p><p>{end}</p><p>{Text(brand)}</p></div></body></html>
            """;
        return new Mail(to, Line(subject), text, html);
    }

    private static string Text(string raw) => WebUtility.HtmlEncode(raw);

    // A line break in a subject would begin another header.
    private static string Line(string subject) => string.Concat(subject.Select(c => char.IsControl(c) ? ' ' : c));
}
