using System.Globalization;
using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Users;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Pages.Account;

/// <summary>Reads what the user's page shows.</summary>
internal sealed class UserPageReader(
    GatehouseDb db, BrandLooks looks, CrossSite crossSite, OwnRights rights, VisibleApplications applications, DeviceOverviews devices, TimeProvider clock)
{
    private static readonly string[] Details = ["username", "name", "email"];

    /// <summary>Everything, with what came of the last form.</summary>
    public async Task<UserPageModel> ReadAsync(
        HttpRequest request, SignedInBrowser browser, string? notice, FormResult? result, IReadOnlyDictionary<string, string>? typed, CancellationToken cancellationToken)
    {
        var editable = new List<string>();
        foreach (var field in Details)
        {
            if (await rights.MayChangeAsync(browser.User, field, cancellationToken))
            {
                editable.Add(field);
            }
        }

        var tiles = await TilesAsync(request, browser.User, cancellationToken);
        var brand = await looks.OfAsync(request, cancellationToken);
        return new UserPageModel
        {
            Look = brand.Shown with { Pictures = [.. tiles.Select(t => t.Icon).OfType<string>()] },
            User = browser.User,
            IsImpersonated = browser.IsImpersonating,
            Csrf = crossSite.FormToken(browser.Session.Id),
            Tiles = tiles,
            Editable = editable,
            Settings = await SettingsAsync(brand, cancellationToken),
            Devices = await devices.ReadAsync(browser, cancellationToken),
            Sessions = await SessionsAsync(browser, cancellationToken),
            Tokens = browser.IsImpersonating ? [] : await TokensAsync(browser.User.Id, cancellationToken),
            Consents = await ConsentsAsync(browser.User.Id, cancellationToken),
            Notice = notice,
            FreshKey = result?.FreshKey,
            Faults = result?.Faults ?? new Dictionary<string, string>(),
            Typed = typed ?? new Dictionary<string, string>(),
        };
    }

    /// <summary>The tile of the application with this slug; null when it leads nowhere, or <paramref name="user"/> may not use it.</summary>
    public async Task<Tile?> TileAsync(HttpRequest request, string slug, User user, CancellationToken cancellationToken) =>
        await db.ProviderApplications.AsNoTracking().SingleOrDefaultAsync(a => a.Slug == slug, cancellationToken) is { } application
        && (await applications.AllowedAsync([application], SubjectOf(request, user), cancellationToken)).Count == 1
            ? await TileAsync(application.Id, user, cancellationToken)
            : null;

    /// <summary>The tile of one application, for people who have no page of their own; null when it leads nowhere.</summary>
    public async Task<Tile?> TileAsync(Guid? application, User user, CancellationToken cancellationToken) => await (
        from one in db.ProviderApplications.AsNoTracking()
        join provider in db.Providers.AsNoTracking() on one.ProviderId equals provider.Id into providers
        from provider in providers.DefaultIfEmpty()
        where one.Id == application
        select new { one, provider }).SingleOrDefaultAsync(cancellationToken) is { } found
            ? Tile.Of(found.one, found.provider, user)
            : null;

    private async Task<List<Tile>> TilesAsync(HttpRequest request, User user, CancellationToken cancellationToken)
    {
        var found = await applications.ListAsync(SubjectOf(request, user), cancellationToken);
        return [.. found.Select(f => Tile.Of(f.Application, f.Provider, user)).OfType<Tile>()];
    }

    private async Task<SettingsLink?> SettingsAsync(BrandOfHost brand, CancellationToken cancellationToken) =>
        brand.Brand?.UserSettingsFlowId is { } id && await db.Flows.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id, cancellationToken) is { } flow
            ? new SettingsLink($"/if/flow/{flow.Slug}/?next={Uri.EscapeDataString(FlowFinish.UserPage)}", flow.Title.Length > 0 ? flow.Title : flow.Name)
            : null;

    private static PolicySubject SubjectOf(HttpRequest request, User user) =>
        new(user.Id, ClientAddress.Of(request.HttpContext).ToString(), new Dictionary<string, object> { ["http_request"] = HttpFacts.Of(request.HttpContext) });

    private async Task<List<SessionRow>> SessionsAsync(SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = await db.AuthenticatedSessions.AsNoTracking()
            .Where(s => s.UserId == browser.User.Id && s.ExpiresAt > now).OrderByDescending(s => s.LastUsedAt).Take(100).ToListAsync(cancellationToken);
        return found.ConvertAll(s => new SessionRow(s.Uuid, BrowserNames.Of(s.LastUserAgent), s.LastAddress, Show(s.LastUsedAt), s.Id == browser.Session.Id));
    }

    private async Task<List<TokenRow>> TokensAsync(int user, CancellationToken cancellationToken)
    {
        var found = await db.ApiTokens.AsNoTracking().Where(t => t.UserId == user).OrderBy(t => t.Identifier).Take(200).ToListAsync(cancellationToken);
        return found.ConvertAll(t => new TokenRow(t.Id, t.Identifier, t.Description, t.Intent == TokenIntent.AppPassword ? "App password" : "API token", End(t.ExpiresAt)));
    }

    private async Task<List<ConsentRow>> ConsentsAsync(int user, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = await (
            from consent in db.UserConsents.AsNoTracking()
            join application in db.ProviderApplications.AsNoTracking() on consent.ApplicationId equals application.Id
            where consent.UserId == user && (consent.ExpiresAt == null || consent.ExpiresAt > now)
            orderby application.Name
            select new { consent, application.Name }).ToListAsync(cancellationToken);
        return found.ConvertAll(c => new ConsentRow(c.consent.Id, c.Name, string.Join(", ", c.consent.Scopes), End(c.consent.ExpiresAt)));
    }

    private string End(DateTimeOffset? end) => end is not { } at ? "does not end" : at <= clock.GetUtcNow() ? "ended " + Show(at) : "until " + Show(at);

    private static string Show(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
