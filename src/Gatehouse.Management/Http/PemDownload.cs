using System.Net.Mime;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Http;

/// <summary>Answers with PEM text as a file to keep.</summary>
internal sealed class PemDownload(string pem, string fileName) : IResult
{
    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        SecurityHeaders.NoStore(httpContext.Response);
        httpContext.Response.ContentType = "application/x-pem-file";
        var safe = new string([.. fileName.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')]);
        httpContext.Response.Headers.ContentDisposition = new ContentDisposition(DispositionTypeNames.Attachment) { FileName = safe }.ToString();
        return httpContext.Response.WriteAsync(pem, httpContext.RequestAborted);
    }
}
