using Microsoft.AspNetCore.Http;

namespace Gatehouse.Web.Sessions;

/// <summary>A browser session that calls the API.</summary>
/// <param name="UserId">Who acts: the impersonated user if there is one.</param>
/// <param name="OriginalUserId">Who signed in.</param>
/// <param name="SessionId">Public id of the session.</param>
/// <param name="IsProven">A page of ours made the request: by its Origin, or by the echo of the session's token.</param>
public sealed record BrowserCaller(int UserId, int OriginalUserId, Guid SessionId, bool IsProven)
{
    /// <summary>Whether the person has proved who they are a moment ago: for what an open browser is not enough for.</summary>
    public bool IsFresh { get; init; }
}

/// <summary>Finds the session behind a request's cookie: the API's second kind of credential.</summary>
public interface IBrowserCallers
{
    /// <summary>The session; null when there is none, or another site sent the request.</summary>
    Task<BrowserCaller?> FindAsync(HttpContext context, CancellationToken cancellationToken);

    /// <summary>The page on which whoever is signed in proves again who they are; it ends at their own page.</summary>
    Uri SignInAgain { get; }
}
