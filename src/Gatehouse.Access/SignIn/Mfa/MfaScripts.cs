using System.Security.Cryptography;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>The scripts of the pages about second factors. Their folder is named after their contents, so browsers keep them for ever.</summary>
internal static class MfaScripts
{
    private const string Own = "mfa.mjs";
    private static readonly byte[] Mfa = Read();
    private static readonly byte[] WebAuthn = WebAuthnScript.Read();
    private static readonly string Folder = "/cdn-cgi/access/static/" + Convert.ToHexStringLower(SHA256.HashData([.. Mfa, .. WebAuthn]))[..16] + "/";

    /// <summary>Where the script of the pages is.</summary>
    public static string Path { get; } = Folder + Own;

    /// <summary>Where the one is that it imports.</summary>
    public static string WebAuthnPath { get; } = Folder + WebAuthnScript.Name;

    /// <summary>The script of the pages.</summary>
    public static IResult Page(HttpContext context) => File(context.Response, Mfa);

    /// <summary>The one that it imports.</summary>
    public static IResult Import(HttpContext context) => File(context.Response, WebAuthn);

    private static IResult File(HttpResponse response, byte[] bytes)
    {
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        return Results.Bytes(bytes, "text/javascript; charset=utf-8");
    }

    private static byte[] Read()
    {
        using var stream = typeof(MfaScripts).Assembly.GetManifestResourceStream("access." + Own) ?? throw new InvalidOperationException($"{Own} is not in the assembly");
        using var room = new MemoryStream();
        stream.CopyTo(room);
        return room.ToArray();
    }
}
