using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>What an application of type <c>app_launcher</c> has besides: its look (contract §3.4).</summary>
internal static class LauncherBody
{
    private const int MostLinks = 20;
    private const string DefaultTitle = "Welcome!";

    public static LauncherLook Read(BodyFields body)
    {
        var landing = body.Inner("landing_page_design") ?? BodyFields.Nothing();
        var look = new LauncherLook
        {
            LogoUrl = Picture(body, "app_launcher_logo_url"),
            Background = Color(body, "bg_color"),
            HeaderBackground = Color(body, "header_bg_color"),
            FooterLinks = ReadLinks(body),
            Title = Text(landing, "title"),
            Message = Text(landing, "message"),
            ImageUrl = Picture(landing, "image_url"),
            ButtonColor = Color(landing, "button_color"),
            ButtonTextColor = Color(landing, "button_text_color"),
            SkipLoginPage = body.Flag("skip_app_launcher_login_page").Or(false),
        };
        body.Faults.AddRange(landing.Faults);
        return look;
    }

    /// <summary>Adds it to the body of an app.</summary>
    public static void Write(JsonObject body, LauncherLook look)
    {
        var landing = new JsonObject { ["title"] = look.Title ?? DefaultTitle };
        body["footer_links"] = JsonList.Of(look.FooterLinks, l => new JsonObject { ["name"] = l.Name, ["url"] = l.Url });
        body["landing_page_design"] = landing;
        body["skip_app_launcher_login_page"] = look.SkipLoginPage;
        foreach (var (owner, name, value) in ((JsonObject, string, string?)[])
            [(body, "app_launcher_logo_url", look.LogoUrl), (body, "bg_color", look.Background), (body, "header_bg_color", look.HeaderBackground), (landing, "message", look.Message),
             (landing, "image_url", look.ImageUrl), (landing, "button_color", look.ButtonColor), (landing, "button_text_color", look.ButtonTextColor)])
        {
            if (value is not null)
            {
                owner[name] = value;
            }
        }
    }

    /// <summary>The address of a picture; null when absent.</summary>
    public static string? Picture(BodyFields body, string name)
    {
        var url = body.Text(name, 2048).Or("");
        if (url.Length > 0 && (!AgentRedirects.IsSafe(url) || !url.StartsWith("https://", StringComparison.Ordinal) || url.AsSpan().IndexOfAny(";,'") >= 0))
        {
            body.Refuse(name, $"{name} must be an absolute https URL");
        }

        return url.Length > 0 ? url : null;
    }

    private static string? Text(BodyFields body, string name) => body.Text(name, 1000).Or("") is { Length: > 0 } text ? text : null;

    private static string? Color(BodyFields body, string name)
    {
        var text = body.Text(name, 20).Or("");
        if (text.Length > 0 && !(text.Length == 7 && text[0] == '#' && text.AsSpan(1).ToString().All(char.IsAsciiHexDigit)))
        {
            body.Refuse(name, $"{name} must be a colour such as #1f6feb");
        }

        return text.Length > 0 ? text : null;
    }

    private static List<LauncherLink> ReadLinks(BodyFields body)
    {
        var links = new List<LauncherLink>();
        foreach (var (index, element) in body.Elements("footer_links").Or([]).Index())
        {
            var fields = element.ValueKind == JsonValueKind.Object ? new BodyFields(element, nullIsAbsent: true, $"footer_links.{index}.") : BodyFields.Nothing();
            var (name, url) = (fields.Require("name").Text("name", 350, mayBeBlank: false).Or(""), fields.Require("url").Text("url", 2048).Or(""));
            if (!(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            {
                fields.Refuse("url", "url must be an absolute http or https URL");
            }

            body.Faults.AddRange(fields.Faults);
            links.Add(new LauncherLink { Name = name, Url = url });
        }

        if (links.Count > MostLinks)
        {
            body.Refuse("footer_links", $"footer_links holds up to {MostLinks} links");
        }

        return links;
    }
}
