using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Pages;

/// <summary>The few files that pages of Identity load. Their names change with their contents, so browsers keep them for ever.</summary>
internal static class StaticFiles
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Day = "public, max-age=86400";
    private const string Portrait = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="32" fill="#8a97a8"/><circle cx="32" cy="25" r="11" fill="#fff"/><path d="M11 55a21 18 0 0 1 42 0z" fill="#fff"/></svg>""";

    private static readonly byte[] ScriptBytes = ReadScript();

    /// <summary>Where the script that drives flows is.</summary>
    public static string ScriptPath { get; } = $"/static/gatehouse/flow-{Convert.ToHexStringLower(SHA256.HashData(ScriptBytes))[..16]}.mjs";

    /// <summary>The script.</summary>
    public static IResult Script(HttpResponse response) => File(response, ScriptBytes, "text/javascript; charset=utf-8", Forever);

    /// <summary>The picture of everybody.</summary>
    public static IResult Person(HttpResponse response) => File(response, Encoding.UTF8.GetBytes(Portrait), "image/svg+xml", Day);

    private static IResult File(HttpResponse response, byte[] bytes, string type, string caching)
    {
        response.Headers.CacheControl = caching;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        return Results.Bytes(bytes, type);
    }

    private static byte[] ReadScript()
    {
        using var stream = typeof(StaticFiles).Assembly.GetManifestResourceStream("flow.mjs")
            ?? throw new InvalidOperationException("flow.mjs is not in the assembly");
        using var room = new MemoryStream();
        stream.CopyTo(room);
        return room.ToArray();
    }
}
