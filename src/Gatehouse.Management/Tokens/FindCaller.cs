using System.Security.Cryptography;
using System.Text;
using Gatehouse.Management.Users;
using Gatehouse.Model.Events;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Web.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tokens;

/// <summary>Who calls an API: an active user, by one of their tokens or in a browser.</summary>
/// <param name="Who">The user who acts.</param>
/// <param name="TokenId">The token, the grant of an access token, or the session.</param>
/// <param name="TokenExpiresAt">Null means it does not expire.</param>
internal sealed record ApiCaller(EventActor Who, bool IsSuperuser, Guid TokenId, DateTimeOffset? TokenExpiresAt)
{
    /// <summary>Integer key of the user who acts.</summary>
    public int UserId => Who.Id;

    /// <summary>The administrator who impersonates <see cref="Who"/>; null means nobody does.</summary>
    public EventActor? Original { get; init; }

    /// <summary>Ids of the permission groups that the token holds; null means that it may do whatever its user may.</summary>
    public IReadOnlySet<string>? Scope { get; init; }

    /// <summary>Ranges that the token is good from; empty means from anywhere.</summary>
    public IReadOnlyList<string> AllowedAddresses { get; init; } = [];

    /// <summary>Ranges that it is not good from.</summary>
    public IReadOnlyList<string> RefusedAddresses { get; init; } = [];

    /// <summary>Not good before; null means at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Whether the token may do what <paramref name="group"/> says.</summary>
    public bool May(CloudflareV4.PermissionGroup group) => Scope is null || Scope.Contains(group.Id);

    /// <summary>Public id of the browser's session; null means a token was brought.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>Whether a person in a browser has proved who they are a moment ago; a token never does.</summary>
    public bool IsFresh { get; init; }
}

/// <summary>Finds the caller behind a bearer key.</summary>
internal sealed class FindCaller(GatehouseDb db, SuperuserGroups superusers, TimeProvider clock)
{
    /// <summary>The caller; null when the key is unknown, expired, not for the APIs, or its user is inactive.</summary>
    public async Task<ApiCaller?> RunAsync(string key, CancellationToken cancellationToken)
    {
        var hash = HashOf(key);
        var now = clock.GetUtcNow();
        var found = await (
            from token in db.ApiTokens
            join user in db.Users on token.UserId equals user.Id
            where token.KeyHash == hash && token.Intent == TokenIntent.Api && user.IsActive && (token.ExpiresAt == null || token.ExpiresAt > now)
            select new { user.Id, user.Username, user.Email, TokenId = token.Id, token.ExpiresAt }).SingleOrDefaultAsync(cancellationToken);
        return found is null
            ? null
            : new ApiCaller(
                new EventActor(found.Id, found.Username, found.Email), await superusers.HoldAsync(found.Id, cancellationToken), found.TokenId, found.ExpiresAt);
    }

    /// <summary>The caller behind an OAuth access token that was found to stand.</summary>
    public async Task<ApiCaller?> OfAsync(ApiAccess access, CancellationToken cancellationToken) =>
        await ActorAsync(access.UserId, cancellationToken) is { } who
            ? new ApiCaller(who, await superusers.HoldAsync(who.Id, cancellationToken), access.GrantId, access.ExpiresAt)
            : null;

    /// <summary>The caller behind a browser's session. Whoever is impersonated is taken for themselves, with no more rights than theirs.</summary>
    public async Task<ApiCaller?> OfAsync(BrowserCaller browser, CancellationToken cancellationToken)
    {
        var isImpersonating = browser.OriginalUserId != browser.UserId;
        var original = isImpersonating ? await ActorAsync(browser.OriginalUserId, cancellationToken) : null;
        return isImpersonating == original is not null && await ActorAsync(browser.UserId, cancellationToken) is { } who
            ? new ApiCaller(who, await superusers.HoldAsync(who.Id, cancellationToken), browser.SessionId, null) { Original = original, SessionId = browser.SessionId, IsFresh = browser.IsFresh }
            : null;
    }

    private Task<EventActor?> ActorAsync(int userId, CancellationToken cancellationToken) =>
        db.Users.Where(u => u.Id == userId && u.IsActive).Select(u => new EventActor(u.Id, u.Username, u.Email)).SingleOrDefaultAsync(cancellationToken);

    /// <summary>The form in which keys are kept: SHA-256, lower-case hex.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
