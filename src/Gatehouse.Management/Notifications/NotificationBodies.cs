using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Events;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Users;

namespace Gatehouse.Management.Notifications;

/// <summary>A notification about to be sent.</summary>
/// <param name="Event">What happened.</param>
/// <param name="To">Who is told; null when the transport sends once and there is nobody in particular.</param>
internal sealed record Outgoing(Event Event, Severity Severity, User? To);

/// <summary>The shapes that notifications travel in (contract §5.2).</summary>
internal static class NotificationBodies
{
    private const int MostFields = 25;
    private const int LongestTitle = 256;
    private const string Footer = "authentik 2026.8.3";

    /// <summary>What a plain webhook gets.</summary>
    public static JsonObject Webhook(Outgoing outgoing)
    {
        var body = new JsonObject
        {
            ["body"] = EventText.Summary(outgoing.Event),
            ["severity"] = EventText.WordOf(outgoing.Severity),
            ["user_email"] = outgoing.To?.Email ?? "",
            ["user_username"] = outgoing.To?.Username ?? "",
        };
        if (outgoing.Event.UserId is not null)
        {
            body["event_user_email"] = outgoing.Event.Email;
            body["event_user_username"] = outgoing.Event.Username;
        }

        return body;
    }

    /// <summary>What Slack, and Discord's endpoint for it, gets.</summary>
    public static JsonObject Slack(Outgoing outgoing, string site)
    {
        var fields = new JsonArray(
            Field("Severity", EventText.WordOf(outgoing.Severity)),
            Field("Dispatched for user", outgoing.To?.Username ?? ""));
        if (outgoing.Event.Username.Length > 0)
        {
            fields.Add(Field("Event user", outgoing.Event.Username));
        }

        foreach (var (name, value) in EventText.Fields(outgoing.Event).Take(MostFields - fields.Count))
        {
            fields.Add(Field(name, value));
        }

        return new JsonObject
        {
            ["username"] = "authentik",
            ["icon_url"] = site + "/static/person.svg",
            ["attachments"] = new JsonArray(new JsonObject
            {
                ["author_name"] = "authentik",
                ["author_link"] = site,
                ["author_icon"] = site + "/static/person.svg",
                ["title"] = Cut(EventText.Summary(outgoing.Event), LongestTitle),
                ["color"] = "#fd4b2d",
                ["fields"] = fields,
                ["footer"] = Footer,
            }),
        };
    }

    /// <summary>What arrives by mail; null for people without an address.</summary>
    public static Mail? Letter(Outgoing outgoing, string prefix)
    {
        if (outgoing.To is not { Email.Length: > 0 } person)
        {
            return null;
        }

        var rows = EventText.Fields(outgoing.Event)
            .Prepend(KeyValuePair.Create("severity", EventText.WordOf(outgoing.Severity)))
            .Append(KeyValuePair.Create("created", JsonList.Time(outgoing.Event.CreatedAt)))
            .ToList();
        var summary = EventText.Summary(outgoing.Event);
        var text = new StringBuilder(summary).Append("\n\n");
        var html = new StringBuilder("<p>").Append(WebUtility.HtmlEncode(summary)).Append("</p><table>");
        foreach (var (name, value) in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\n");
            html.Append(CultureInfo.InvariantCulture, $"<tr><th align=\"left\">{WebUtility.HtmlEncode(name)}</th><td>{WebUtility.HtmlEncode(value)}</td></tr>");
        }

        // A subject is one line; the mail's headers begin after the next.
        var subject = new string([.. (prefix + outgoing.Event.Action).Where(c => !char.IsControl(c))]);
        return new Mail(person.Email, subject, text.ToString(), html.Append("</table>").ToString());
    }

    private static JsonObject Field(string title, string value) =>
        new() { ["title"] = Cut(title, LongestTitle), ["value"] = value, ["short"] = value.Length <= 40 };

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];
}
