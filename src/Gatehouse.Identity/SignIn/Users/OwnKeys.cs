using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Pages.Account;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Events;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>One's own sessions, keys and consents: made, ended, taken back. Every query names the owner, so nobody reaches another's.</summary>
internal sealed class OwnKeys(GatehouseDb db, BrowserSessions sessions, ISnapshot<SystemSettings> settings, SignInEvents events, ISecretBox box, TimeProvider clock)
{
    /// <summary>Ends one session.</summary>
    public async Task<FormResult> EndOneAsync(HttpContext context, SignedInBrowser browser, Guid session, CancellationToken cancellationToken) =>
        new() { Done = await sessions.RevokeOneAsync(context, browser.User, session, cancellationToken) ? "session" : "nothing" };

    /// <summary>Ends all sessions but this one.</summary>
    public async Task<FormResult> EndOthersAsync(HttpContext context, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        await sessions.RevokeOthersAsync(context, browser, cancellationToken);
        return new FormResult { Done = "sessions" };
    }

    /// <summary>Makes a key, which may outlive the session by far: it takes a sign-in of the last minutes, as a new authenticator does.</summary>
    public async Task<FormResult> MakeAsync(HttpContext context, SignedInBrowser browser, IFormCollection form, CancellationToken cancellationToken)
    {
        var description = form["description"].ToString().Trim();
        if (description.Length is 0 or > 200 || description.Contains('\0', StringComparison.Ordinal))
        {
            return FormResult.Wrong("description", "Say in up to 200 characters what it is for.");
        }

        TokenIntent? intent = form["intent"].ToString() switch { "api" => TokenIntent.Api, "app_password" => TokenIntent.AppPassword, _ => null };
        if (intent is not { } wanted || !int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 365)
        {
            return FormResult.Wrong("description", "Choose the kind and how long it works.");
        }

        if (!RecentSignIn.Has(browser, clock))
        {
            return new FormResult { Goes = RecentSignIn.Link(FlowFinish.UserPage) };
        }

        if (await db.ApiTokens.CountAsync(t => t.UserId == browser.User.Id, cancellationToken) >= TokenKey.MostOfOne)
        {
            return FormResult.Wrong("description", $"You have {TokenKey.MostOfOne} already. Delete some first.");
        }

        var key = TokenKey.New(settings.Current.TokenLength);
        var token = new ApiToken
        {
            Id = Guid.CreateVersion7(clock.GetUtcNow()),
            Identifier = $"{browser.User.Username}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}",
            UserId = browser.User.Id,
            Intent = wanted,
            KeyHash = TokenKey.HashOf(key),
            SealedKey = TokenKey.Seal(box, key),
            ExpiresAt = clock.GetUtcNow() + LifeOf(browser, wanted, TimeSpan.FromDays(days)),
            Description = description,
        };
        db.ApiTokens.Add(token);
        var details = About(token);
        db.Events.Add(events.Did(context, EventActions.ModelCreated, browser.User, (JsonObject)details.DeepClone()));
        details["secret"] = details["model"]!.DeepClone(); // set by About
        db.Events.Add(events.Did(context, EventActions.SecretView, browser.User, details));
        await db.SaveChangesAsync(cancellationToken);
        events.Written();
        return new FormResult { FreshKey = key };
    }

    /// <summary>Deletes a key.</summary>
    public async Task<FormResult> DeleteAsync(HttpContext context, SignedInBrowser browser, Guid token, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var own = db.ApiTokens.Where(t => t.Id == token && t.UserId == browser.User.Id);
        if (await own.AsNoTracking().SingleOrDefaultAsync(cancellationToken) is not { } found || await own.ExecuteDeleteAsync(cancellationToken) != 1)
        {
            return new FormResult { Done = "nothing" };
        }

        return await DoneAsync("token", context, browser, About(found), transaction, cancellationToken);
    }

    /// <summary>Takes a consent back, and with it what the application was granted.</summary>
    public async Task<FormResult> RevokeAsync(HttpContext context, SignedInBrowser browser, int consent, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var own = db.UserConsents.Where(c => c.Id == consent && c.UserId == browser.User.Id);
        var name = await own.Join(db.ProviderApplications, c => c.ApplicationId, a => a.Id, (_, a) => a.Name).SingleOrDefaultAsync(cancellationToken);
        await db.Grants
            .Where(g => g.UserId == browser.User.Id && g.RevokedAt == null && own.Any(c => db.ProviderApplications.Any(a => a.Id == c.ApplicationId && a.ProviderId == g.ProviderId)))
            .ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
        if (await own.ExecuteDeleteAsync(cancellationToken) != 1)
        {
            return new FormResult { Done = "nothing" };
        }

        var details = new JsonObject { ["model"] = EventRow.Target("authentik_core", "userconsent", consent.ToString(CultureInfo.InvariantCulture), name ?? "") };
        return await DoneAsync("consent", context, browser, details, transaction, cancellationToken);
    }

    private async Task<FormResult> DoneAsync(
        string word, HttpContext context, SignedInBrowser browser, JsonObject gone, IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        db.Events.Add(events.Did(context, EventActions.ModelDeleted, browser.User, gone));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        events.Written();
        return new FormResult { Done = word };
    }

    // As asked for, but never longer than at the API; the list says until when.
    private TimeSpan LifeOf(SignedInBrowser browser, TokenIntent intent, TimeSpan asked)
    {
        var life = TokenLife.Read(browser.User.AttributesJson, settings.Current.TokenDuration);
        return life.MustExpire && life.Of(intent) < asked ? life.Of(intent) : asked;
    }

    private static JsonObject About(ApiToken token) => new() { ["model"] = EventRow.Target("authentik_core", "token", token.Id.ToString("N"), token.Identifier) };
}
