using System.Net;
using System.Security.Cryptography;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Gatehouse.Access.Gateway;

/// <summary>Shapes one request for its origin and one answer for the browser.</summary>
internal sealed class OriginTransformer(OriginEntry origin, Passage passage, ForwardedRequest running) : HttpTransformer
{
    /// <summary>The token the origin may verify.</summary>
    public const string Assertion = "Cf-Access-Jwt-Assertion";

    /// <summary>The address of the person.</summary>
    public const string Email = "Cf-Access-Authenticated-User-Email";

    private const string ClientCertificate = "Cf-Client-Cert-Der-Base64";
    private const string ClientCertificateHash = "Cf-Client-Cert-Sha256";
    private const string ClearSiteData = "Clear-Site-Data";

    private static readonly UriCreationOptions AsSent = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        // Drop before adding: a visitor could send our headers to pose as someone else.
        InboundHeaders.Scrub(httpContext.Request.Headers, passage.JudgedUnder.AttributeHeaders);
        if (origin.Tunnel is null)
        {
            httpContext.Request.Headers.Remove(InboundHeaders.JumpDestination);
        }

        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

        // The origin reads the bytes the browser sent; policy judged every way to read them.
        var target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        proxyRequest.RequestUri = new Uri(destinationPrefix + target, AsSent);
        if (origin.Tunnel is { } tunnel)
        {
            TunnelClient.Address(proxyRequest, tunnel);
        }

        var headers = proxyRequest.Headers;
        Replace(headers, HeaderNames.Cookie, GateCookies.Without(httpContext.Request.Headers.Cookie));
        if (origin.Hostname.HttpHostHeader is { } host)
        {
            Replace(headers, HeaderNames.Host, host);
        }

        var address = ClientAddress.Of(httpContext).ToString();
        headers.TryAddWithoutValidation("Cf-Connecting-Ip", address);
        headers.TryAddWithoutValidation("X-Forwarded-For", address);
        headers.TryAddWithoutValidation("X-Forwarded-Proto", httpContext.Request.Scheme);
        headers.TryAddWithoutValidation("X-Forwarded-Host", httpContext.Request.Headers.Host.ToString());
        headers.TryAddWithoutValidation(LoopGuard.Header, LoopGuard.Mark);
        var admission = passage.Admission;
        if (admission.Token is { } token)
        {
            headers.TryAddWithoutValidation(Assertion, token);
        }

        if (admission.Email is { } email)
        {
            headers.TryAddWithoutValidation(Email, email);
        }

        foreach (var (name, value) in passage.Attributes)
        {
            headers.TryAddWithoutValidation(name, value);
        }

        if (passage.Certificate is { } certificate && passage.JudgedUnder.ClientCertificates.Forwards(passage.Host))
        {
            headers.TryAddWithoutValidation(ClientCertificate, Convert.ToBase64String(certificate.Leaf.RawData));
            headers.TryAddWithoutValidation(ClientCertificateHash, certificate.Leaf.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant());
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return false;
        }

        await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        var headers = httpContext.Response.Headers;
        DropGateCookies(headers);
        SpareGateCookies(headers);
        DropConnectionAuth(headers);
        DropNamedInConnection(proxyResponse, headers);

        // TLS ends at the gateway, so whether a host is https for ever, and where else it is served, is for the gateway to say, not for what runs behind it.
        headers.Remove(HeaderNames.StrictTransportSecurity);
        headers.Remove(HeaderNames.AltSvc);

        running.OnAnswer(httpContext, proxyResponse.StatusCode == HttpStatusCode.SwitchingProtocols);
        if (proxyResponse.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            proxyResponse.Content = new EndingContent(proxyResponse.Content, running.OnOriginEnd);
        }

        if (IsEventStream(headers))
        {
            proxyResponse.Content = new FinishingContent(proxyResponse.Content, running.OnEndless());

            // The browser's onopen should not wait for the first event.
            await httpContext.Response.Body.FlushAsync(cancellationToken);
        }

        return true;
    }

    /// <inheritdoc/>
    public override async ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken)
    {
        await base.TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);
        if (httpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } trailers)
        {
            trailers.Remove(HeaderNames.SetCookie);
        }
    }

    private static void Replace(System.Net.Http.Headers.HttpRequestHeaders headers, string name, string? value)
    {
        headers.Remove(name);
        if (value is not null)
        {
            headers.TryAddWithoutValidation(name, value);
        }
    }

    private static bool IsEventStream(IHeaderDictionary headers) =>
        headers.ContentType is [{ } type] && type.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);

    private static void DropGateCookies(IHeaderDictionary headers)
    {
        var cookies = headers.SetCookie;
        for (var n = 0; n < cookies.Count; n++)
        {
            if (GateCookies.Sets(cookies[n]))
            {
                headers.SetCookie = new StringValues([.. cookies.Where(c => !GateCookies.Sets(c))]);
                return;
            }
        }
    }

    private static void SpareGateCookies(IHeaderDictionary headers)
    {
        if (headers.TryGetValue(ClearSiteData, out var lines))
        {
            // Empty takes the header away.
            headers[ClearSiteData] = new StringValues([.. lines.OfType<string>().Select(GateCookies.Sparing).Where(l => l.Length > 0)]);
        }
    }

    // What would answer it goes no further than here.
    private static void DropConnectionAuth(IHeaderDictionary headers)
    {
        if (headers.WWWAuthenticate is { Count: > 0 } challenges && challenges.Any(ConnectionAuth.IsIn))
        {
            headers.WWWAuthenticate = new StringValues([.. challenges.OfType<string>().Select(ConnectionAuth.Without).Where(c => c.Length > 0)]);
        }
    }

    // RFC 9110 §7.6.1, in this direction too.
    private static void DropNamedInConnection(HttpResponseMessage response, IHeaderDictionary headers)
    {
        if (!response.Headers.NonValidated.TryGetValues(HeaderNames.Connection, out var lines))
        {
            return;
        }

        foreach (var line in lines)
        {
            foreach (var name in line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase))
                {
                    headers.Remove(name);
                }
            }
        }
    }
}
