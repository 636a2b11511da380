using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Records what a person granted, and issues the code for it.</summary>
internal sealed partial class CodeIssuer(GatehouseDb db, TimeProvider clock, ILogger<CodeIssuer> logger)
{
    /// <summary>The answer that carries a fresh code.</summary>
    public async Task<AuthorizeReply> IssueAsync(AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var provider = request.Client.Provider;
        var now = clock.GetUtcNow();
        var codeEnd = now + ValidityPeriod.Parse(provider.AccessCodeValidity);
        var tokenLife = ValidityPeriod.Parse(provider.AccessTokenValidity);
        var refreshLife = GrantRows.MayRefresh(request.Client, request.Scopes) ? ValidityPeriod.Parse(provider.RefreshTokenValidity) : TimeSpan.Zero;
        var grant = new OAuthGrant
        {
            Id = Guid.CreateVersion7(),
            ProviderId = provider.Id,
            UserId = browser.User.Id,
            SessionId = browser.Session.Id,
            SessionUuid = browser.Session.Uuid,
            Scopes = [.. request.Scopes],
            Nonce = request.Nonce,
            AuthenticatedAt = browser.Session.AuthenticatedAt,
            Amr = [.. browser.Session.Amr],
            CreatedAt = now,
            ExpiresAt = codeEnd + (tokenLife > refreshLife ? tokenLife : refreshLife),
        };
        var code = Digest.FreshSecret(32);
        db.Grants.Add(grant);
        db.AuthorizationCodes.Add(new AuthorizationCode
        {
            Hash = Digest.Of(code),
            GrantId = grant.Id,
            ProviderId = provider.Id,
            RedirectUri = request.Target.RedirectUri,
            CodeChallenge = request.CodeChallenge,
            CodeChallengeMethod = request.CodeChallenge is null ? null : Pkce.Method,
            ExpiresAt = codeEnd,
        });
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await SessionEnd.RememberClientAsync(db, browser.Session, provider.Id, now, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        if (logger.IsEnabled(LogLevel.Information))
        {
            var scopes = string.Join(' ', request.Scopes);
            LogGranted(browser.User.Username, provider.ClientId, scopes);
        }

        return request.Target.Code(code);
    }

    [LoggerMessage(EventId = 2100, Level = LogLevel.Information, Message = "{Username} authorized client {ClientId} for {Scopes}")]
    private partial void LogGranted(string username, string clientId, string scopes);
}
