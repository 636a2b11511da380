using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Web.Http;

/// <summary>Reads a posted form of bounded size: the listener sets no bound, since streams through the gateway have no end.</summary>
public static class PostedForm
{
    /// <summary>More than any form of ours, or any OAuth request, needs.</summary>
    public const int Largest = 64 * 1024;

    /// <summary>The fields; null when the body is too large or no <c>application/x-www-form-urlencoded</c> that can be read.</summary>
    public static Task<IFormCollection?> ReadAsync(HttpRequest request, CancellationToken cancellationToken) => ReadAsync(request, Largest, cancellationToken);

    /// <summary>The same for one of the few forms that may be larger: <paramref name="largest"/> bytes.</summary>
    public static async Task<IFormCollection?> ReadAsync(HttpRequest request, int largest, CancellationToken cancellationToken)
    {
        // Not multipart: it spills to disk, and neither RFC 6749 (appendix B) nor a page of ours uses it.
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            || request.ContentLength > largest)
        {
            return null;
        }

        // A chunked body has no length to look at beforehand; the listener counts it.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = largest;
        }

        try
        {
            return await request.ReadFormAsync(cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or NotSupportedException)
        {
            return null; // too many or too long fields; too large, badly framed or cut short; charset=utf-7, which .NET refuses to know
        }
    }
}
