using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Web.Pages;

/// <summary>The look of all pages. The style sheet stands in each page, so that pages on a published host need no second request to it.</summary>
public static class Theme
{
    /// <summary>The mark beside the name.</summary>
    public const string Mark = """<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M3 21V8l3-2V3h3v2h6V3h3v3l3 2v13h-6v-6a3 3 0 0 0-6 0v6z"/></svg>""";

    private static readonly string Css = Read();

    /// <summary>The style element.</summary>
    public static string StyleElement { get; } = $"<style>{Css}</style>";

    /// <summary>The hash that lets it pass the Content-Security-Policy.</summary>
    public static string StyleHash { get; } = "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Css))) + "'";

    private static string Read()
    {
        using var stream = typeof(Theme).Assembly.GetManifestResourceStream("theme.css")
            ?? throw new InvalidOperationException("theme.css is not in the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
