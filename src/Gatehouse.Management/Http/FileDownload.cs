using System.Net.Mime;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Http;

/// <summary>Answers with text as a file to keep.</summary>
internal sealed class FileDownload(string text, string type, string fileName) : IResult
{
    /// <summary>PEM text.</summary>
    public static FileDownload Pem(string pem, string fileName) => new(pem, "application/x-pem-file", fileName);

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        SecurityHeaders.NoStore(httpContext.Response);
        httpContext.Response.ContentType = type;
        var safe = new string([.. fileName.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')]);
        httpContext.Response.Headers.ContentDisposition = new ContentDisposition(DispositionTypeNames.Attachment) { FileName = safe }.ToString();
        return httpContext.Response.WriteAsync(text, httpContext.RequestAborted);
    }
}
