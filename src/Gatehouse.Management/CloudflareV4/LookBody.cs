using System.Buffers.Text;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>Colours and pictures of the organization. They end in style sheets and in the Content-Security-Policy, so they are of one form each.</summary>
internal static class LookBody
{
    private const int LongestPicture = 100 * 1024;
    private static readonly string[] Pictures = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,", "data:image/svg+xml;base64,"];

    /// <summary>A colour; empty takes it away.</summary>
    public static Maybe<string?> Color(BodyFields body, string name)
    {
        if (!body.Text(name, 20).Is(out var text))
        {
            return default;
        }

        if (text.Length > 0 && !(text.Length is 4 or 7 && text[0] == '#' && text.Skip(1).All(char.IsAsciiHexDigit)))
        {
            body.Refuse(name, $"{name} must be a colour such as #1f6feb");
        }

        return text.Length > 0 ? text : (string?)null;
    }

    /// <summary>A picture, by https or as a data URL; empty takes it away.</summary>
    public static Maybe<string?> Logo(BodyFields body, string name)
    {
        if (!body.Text(name, LongestPicture).Is(out var text))
        {
            return default;
        }

        if (!text.StartsWith("data:", StringComparison.Ordinal))
        {
            return LauncherBody.Picture(body, name);
        }

        if (Array.Find(Pictures, p => text.StartsWith(p, StringComparison.Ordinal)) is not { } type || !Base64.IsValid(text.AsSpan(type.Length)) || text.Any(char.IsWhiteSpace))
        {
            body.Refuse(name, $"{name} as a data URL must be data:image/png;base64,... (or jpeg, gif, webp, svg+xml)");
        }

        return text;
    }
}
