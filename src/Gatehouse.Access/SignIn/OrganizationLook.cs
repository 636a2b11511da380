using System.Text;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>How the organization wants the pages to look on which people sign in or are refused: Cloudflare's <c>login_design</c>.</summary>
internal static class OrganizationLook
{
    /// <summary>Where the colours are, on the team domain and on app hosts.</summary>
    public const string StylePath = "/cdn-cgi/access/login.css";

    /// <summary>Name, logo and colours.</summary>
    public static BrandLook Of(AccessTable table) => new(table.Organization.Name, table.Organization.LoginLogo, null, HasColors(table.Organization) ? StylePath : null);

    /// <summary>Whether there are colours.</summary>
    public static bool HasColors(Organization organization) => organization is { LoginBackground: not null } or { LoginTextColor: not null };

    /// <summary>GET of the style sheet.</summary>
    public static IResult Style(HttpContext context, AccessTable table)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-cache";
        return Results.Text(Css(table.Organization), "text/css");
    }

    /// <summary>The colours as rules: # and hex digits, as they were taken. The card has the page's, or nobody could tell what the text stands on.</summary>
    public static string Css(Organization organization)
    {
        var css = new StringBuilder();
        if (organization.LoginBackground is { } background)
        {
            css.Append("body,.card{background:").Append(background).Append("}\n");
        }

        if (organization.LoginTextColor is { } text)
        {
            css.Append("body,.brand,.soft{color:").Append(text).Append("}\n");
        }

        return css.ToString();
    }
}
