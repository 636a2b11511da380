using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Pages;

/// <summary>The few files that pages of Identity load. Their names change with their contents, so browsers keep them for ever.</summary>
internal static class StaticFiles
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Day = "public, max-age=86400";
    private const string Portrait = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="32" fill="#8a97a8"/><circle cx="32" cy="25" r="11" fill="#fff"/><path d="M11 55a21 18 0 0 1 42 0z" fill="#fff"/></svg>""";

    // They import each other by name, so they share a folder, and its name changes when any of them does.
    private static readonly FrozenDictionary<string, byte[]> Scripts =
        new[] { "flow.mjs", "mfa.mjs", "selfservice.mjs" }.Select(n => KeyValuePair.Create(n, Read(n))).Append(KeyValuePair.Create(WebAuthnScript.Name, WebAuthnScript.Read())).ToFrozenDictionary();

    private static readonly string Folder = "/static/gatehouse/" + HashOf(Scripts) + "/";

    /// <summary>Where the script that drives flows is.</summary>
    public static string ScriptPath { get; } = Folder + "flow.mjs";

    /// <summary>Where each script is.</summary>
    public static IEnumerable<string> ScriptPaths => Scripts.Keys.Select(n => Folder + n);

    /// <summary>A script.</summary>
    public static IResult Script(HttpContext context) =>
        File(context.Response, Scripts[context.Request.Path.Value![Folder.Length..]], "text/javascript; charset=utf-8", Forever); // mapped for these paths only

    /// <summary>The picture of everybody.</summary>
    public static IResult Person(HttpResponse response) => File(response, Encoding.UTF8.GetBytes(Portrait), "image/svg+xml", Day);

    private static IResult File(HttpResponse response, byte[] bytes, string type, string caching)
    {
        response.Headers.CacheControl = caching;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        return Results.Bytes(bytes, type);
    }

    private static string HashOf(FrozenDictionary<string, byte[]> files) =>
        Convert.ToHexStringLower(SHA256.HashData([.. files.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value)]))[..16];

    private static byte[] Read(string name)
    {
        using var stream = typeof(StaticFiles).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in the assembly");
        using var room = new MemoryStream();
        stream.CopyTo(room);
        return room.ToArray();
    }
}
