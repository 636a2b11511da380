using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>What a request says about its client, believed by nobody yet. A class, so that it is never printed.</summary>
internal sealed class PresentedCredentials
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private PresentedCredentials()
    {
    }

    /// <summary>Null when it names none.</summary>
    public string? ClientId { get; private init; }

    /// <summary>The ways to read the secret that was sent; empty when none was.</summary>
    public IReadOnlyList<string> Secrets { get; private init; } = [];

    /// <summary>It came by HTTP Basic, so a refusal is a 401 with a challenge.</summary>
    public bool IsBasic { get; private init; }

    /// <summary>A client assertion of the type we know; null when none was sent.</summary>
    public string? Assertion { get; private init; }

    /// <summary>Reads them; a refusal when they are malformed or come in two ways.</summary>
    public static (PresentedCredentials? Credentials, OAuthRefusal? Refusal) Read(HttpRequest request, OAuthParameters form)
    {
        var header = request.Headers.Authorization;
        if (header.Count > 1 || form.FirstRepeated(["client_id", "client_secret", "client_assertion", "client_assertion_type"]) is not null)
        {
            return (null, OAuthRefusal.InvalidRequest("client credentials were sent more than once"));
        }

        if (request.Query.ContainsKey("client_secret") || request.Query.ContainsKey("client_assertion"))
        {
            return (null, OAuthRefusal.InvalidRequest("client credentials stand in the URL"));
        }

        var type = form["client_assertion_type"];
        if (type is null ? form["client_assertion"] is not null : type != ClientAssertions.Type)
        {
            return (null, OAuthRefusal.InvalidClient("the client_assertion_type is missing or not known"));
        }

        return header.Count == 0 ? (OfBody(form, type is not null), null) : OfBasic(header[0], form);
    }

    private static PresentedCredentials OfBody(OAuthParameters form, bool isAsserted)
    {
        var isFallback = isAsserted && form["client_assertion"] is null;
        var assertion = isFallback ? form["client_secret"] : form["client_assertion"];
        return new PresentedCredentials
        {
            ClientId = form["client_id"] ?? (assertion is null ? null : ClientAssertions.ClaimedClient(assertion)),
            Secrets = isFallback || form["client_secret"] is not { } secret ? [] : [secret],
            Assertion = assertion,
        };
    }

    private static (PresentedCredentials? Credentials, OAuthRefusal? Refusal) OfBasic(string? header, OAuthParameters form)
    {
        if (!TryReadBasic(header, out var id, out var secret))
        {
            return (null, OAuthRefusal.InvalidClient("the Authorization header is no HTTP Basic") with { IsBasicChallenge = true });
        }

        if (form["client_secret"] is not null || (form["client_id"] is { } other && other != id))
        {
            return (null, OAuthRefusal.InvalidRequest("client credentials stand in both the header and the body"));
        }

        return (new PresentedCredentials
        {
            ClientId = id,

            // Certified clients write a space as '+' (RFC 6749 §2.3.1), others leave '+' as it is (authentik's reading): both are taken.
            Secrets = secret is null ? [] : [Uri.UnescapeDataString(secret.Replace('+', ' ')), Uri.UnescapeDataString(secret)],
            IsBasic = true,
            Assertion = form["client_assertion"],
        }, null);
    }

    private static bool TryReadBasic(string? header, [NotNullWhen(true)] out string? id, out string? secret)
    {
        id = null;
        secret = null;
        if (header is null || !header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length))
        {
            return false;
        }

        string text;
        try
        {
            text = StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1)
        {
            return false;
        }

        id = Uri.UnescapeDataString(text[..colon]);
        secret = text[(colon + 1)..] is { Length: > 0 } sent ? sent : null;
        return true;
    }
}
