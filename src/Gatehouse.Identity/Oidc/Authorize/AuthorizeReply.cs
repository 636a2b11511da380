using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>How the answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).</summary>
internal enum ResponseMode
{
    Query,
    Fragment,
    FormPost,
}

/// <summary>Where the answer goes; the redirect URI was checked.</summary>
internal sealed record ReplyTarget(string RedirectUri, ResponseMode Mode, string? State, string? Issuer)
{
    public AuthorizeReply Error(string code, string description) => new(this, [new("error", code), new("error_description", description)]);

    public AuthorizeReply Answer(IReadOnlyList<KeyValuePair<string, string>> fields) => new(this, fields);
}

/// <summary>An answer to the client.</summary>
internal sealed class AuthorizeReply(ReplyTarget target, IReadOnlyList<KeyValuePair<string, string>> fields)
{
    // The page's only script, named by its hash in the Content-Security-Policy.
    public const string SubmitScript = "document.forms[0].submit()";

    private static readonly string SubmitHash = "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(SubmitScript))) + "'";

    /// <summary>The error code, for the log; null on success.</summary>
    public string? Error => fields.FirstOrDefault(f => f.Key == "error").Value;

    /// <summary>For people; null on success.</summary>
    public string? Description => fields.FirstOrDefault(f => f.Key == "error_description").Value;

    /// <summary>Whether <see cref="Url"/> alone carries it.</summary>
    public bool IsRedirect => target.Mode != ResponseMode.FormPost;

    /// <summary>The URL that carries the answer, unless it is posted.</summary>
    public string Url
    {
        get
        {
            var encoded = string.Join('&', AllFields().Select(f => $"{f.Key}={Uri.EscapeDataString(f.Value)}"));
            var joint = target.Mode == ResponseMode.Fragment ? '#' : target.RedirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            return target.RedirectUri + joint + encoded;
        }
    }

    public IResult ToResult() => IsRedirect
        ? new PrivateRedirect(Url)
        : new PageResult<FormPostPage>(
            new Dictionary<string, object?> { [nameof(FormPostPage.Action)] = target.RedirectUri, [nameof(FormPostPage.Fields)] = AllFields() },
            StatusCodes.Status200OK)
        {
            ScriptSource = SubmitHash,
            FormTargets = RedirectUris.OriginOf(target.RedirectUri) ?? target.RedirectUri[..(target.RedirectUri.IndexOf(':', StringComparison.Ordinal) + 1)],
        };

    // RFC 9207 §2: the issuer goes with successes and errors, so that a client with two servers can't be confused.
    private List<KeyValuePair<string, string>> AllFields()
    {
        List<KeyValuePair<string, string>> all = [.. fields];
        if (target.State is not null)
        {
            all.Add(new("state", target.State));
        }

        if (target.Issuer is not null)
        {
            all.Add(new("iss", target.Issuer));
        }

        return all;
    }
}

/// <summary>A redirect that is not kept, and whose target learns nothing about where it came from (its URL may hold a code).</summary>
internal sealed class PrivateRedirect(string url, int status = StatusCodes.Status302Found) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        SecurityHeaders.NoStore(httpContext.Response);
        httpContext.Response.Headers["Referrer-Policy"] = "no-referrer";
        httpContext.Response.StatusCode = status;
        httpContext.Response.Headers.Location = url;
        return Task.CompletedTask;
    }
}
