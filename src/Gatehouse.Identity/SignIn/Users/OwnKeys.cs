using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Pages.Account;
using Gatehouse.Model.Events;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>One's own sessions, keys and consents: made, ended, taken back. Every query names the owner, so nobody reaches another's.</summary>
internal sealed class OwnKeys(GatehouseDb db, BrowserSessions sessions, ISnapshot<SystemSettings> settings, IEventLog events, TimeProvider clock)
{
    private const int MostOfOne = 100;

    /// <summary>Ends one session.</summary>
    public async Task<FormResult> EndOneAsync(SignedInBrowser browser, Guid session, CancellationToken cancellationToken) =>
        new() { Done = await sessions.RevokeOneAsync(browser.User.Id, session, cancellationToken) ? "session" : "nothing" };

    /// <summary>Ends all sessions but this one.</summary>
    public async Task<FormResult> EndOthersAsync(SignedInBrowser browser, CancellationToken cancellationToken)
    {
        await sessions.RevokeOthersAsync(browser.User.Id, browser.Session.Id, cancellationToken);
        return new FormResult { Done = "sessions" };
    }

    /// <summary>Makes a key; the only time that it is known.</summary>
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

        if (await db.ApiTokens.CountAsync(t => t.UserId == browser.User.Id, cancellationToken) >= MostOfOne)
        {
            return FormResult.Wrong("description", $"You have {MostOfOne} already. Delete some first.");
        }

        var key = TokenKey.New();
        var token = new ApiToken
        {
            Id = Guid.CreateVersion7(clock.GetUtcNow()),
            Identifier = $"{browser.User.Username}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}",
            UserId = browser.User.Id,
            Intent = wanted,
            KeyHash = TokenKey.HashOf(key),
            ExpiresAt = clock.GetUtcNow() + LifeOf(browser, wanted, TimeSpan.FromDays(days)),
            Description = description,
        };
        db.ApiTokens.Add(token);
        await db.SaveChangesAsync(cancellationToken);
        await SayAsync(EventActions.SecretView, context, browser, token.Identifier, cancellationToken);
        return new FormResult { FreshKey = key };
    }

    /// <summary>Deletes a key.</summary>
    public async Task<FormResult> DeleteAsync(SignedInBrowser browser, Guid token, CancellationToken cancellationToken) => new()
    {
        Done = await db.ApiTokens.Where(t => t.Id == token && t.UserId == browser.User.Id).ExecuteDeleteAsync(cancellationToken) == 1 ? "token" : "nothing",
    };

    /// <summary>Takes a consent back, and with it what the application was granted.</summary>
    public async Task<FormResult> RevokeAsync(SignedInBrowser browser, int consent, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var own = db.UserConsents.Where(c => c.Id == consent && c.UserId == browser.User.Id);
        await db.Grants
            .Where(g => g.UserId == browser.User.Id && g.RevokedAt == null && own.Any(c => db.ProviderApplications.Any(a => a.Id == c.ApplicationId && a.ProviderId == g.ProviderId)))
            .ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
        return new FormResult { Done = await own.ExecuteDeleteAsync(cancellationToken) == 1 ? "consent" : "nothing" };
    }

    // As asked for, but never longer than at the API; the list says until when.
    private TimeSpan LifeOf(SignedInBrowser browser, TokenIntent intent, TimeSpan asked)
    {
        var life = TokenLife.Read(browser.User.AttributesJson, settings.Current.TokenDuration);
        return life.MustExpire && life.Of(intent) < asked ? life.Of(intent) : asked;
    }

    private Task SayAsync(string action, HttpContext context, SignedInBrowser browser, string identifier, CancellationToken cancellationToken) => events.WriteAsync(
        new NewEvent(
            action, new EventActor(browser.User.Id, browser.User.Username, browser.User.Email), ClientAddress.Of(context).ToString(),
            new JsonObject { ["secret"] = new JsonObject { ["model_name"] = "token", ["name"] = identifier } }),
        cancellationToken);
}
