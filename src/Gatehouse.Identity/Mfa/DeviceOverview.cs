using Gatehouse.Identity.Mfa.Setup;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa;

/// <summary>An authenticator as its owner sees it.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Id">Its key.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Kind">What it is, in words.</param>
/// <param name="CreatedAt">When it was enrolled.</param>
/// <param name="LastUsedAt">When it last proved them; null means never.</param>
public sealed record DeviceRow(AuthenticatorClass Class, int Id, string Name, string Kind, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <summary>A way to enrol one more.</summary>
/// <param name="Href">Where.</param>
/// <param name="Text">What.</param>
public sealed record EnrolLink(string Href, string Text);

/// <summary>All that a person's own page shows about their authenticators.</summary>
/// <param name="Devices">What they have.</param>
/// <param name="Links">What they can add.</param>
/// <param name="CrossSiteToken">Goes back with each form.</param>
public sealed record DeviceOverview(IReadOnlyList<DeviceRow> Devices, IReadOnlyList<EnrolLink> Links, string CrossSiteToken);

/// <summary>Reads it.</summary>
internal sealed class DeviceOverviews(GatehouseDb db, CrossSite crossSite)
{
    /// <summary>For whoever uses the browser.</summary>
    public async Task<DeviceOverview> ReadAsync(SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var id = browser.User.Id;
        IReadOnlyList<DeviceRow> devices =
        [
            .. await db.WebAuthnDevices.Where(d => d.UserId == id).OrderBy(d => d.Id)
                .Select(d => new DeviceRow(AuthenticatorClass.WebAuthn, d.Id, d.Name, d.IsBackupEligible ? "Passkey" : "Security key", d.CreatedAt, d.LastUsedAt)).ToListAsync(cancellationToken),
            .. await db.TotpDevices.Where(d => d.UserId == id).OrderBy(d => d.Id)
                .Select(d => new DeviceRow(AuthenticatorClass.Totp, d.Id, d.Name, "Authenticator app", d.CreatedAt, d.LastUsedAt)).ToListAsync(cancellationToken),
            .. await db.StaticDevices.Where(d => d.UserId == id).OrderBy(d => d.Id)
                .Select(d => new DeviceRow(AuthenticatorClass.Static, d.Id, d.Name, $"Recovery codes, {d.Codes.Count} left", d.CreatedAt, d.LastUsedAt)).ToListAsync(cancellationToken),
        ];
        return new DeviceOverview(devices, await LinksAsync(cancellationToken), crossSite.FormToken(browser.Session.Id));
    }

    // Stages that lead somewhere, in the order in which they serve people best.
    private async Task<IReadOnlyList<EnrolLink>> LinksAsync(CancellationToken cancellationToken)
    {
        var stages = await db.Stages.AsNoTracking()
            .Where(s => s.Type == StageType.AuthenticatorWebAuthn || s.Type == StageType.AuthenticatorTotp || s.Type == StageType.AuthenticatorStatic)
            .OrderBy(s => s.Name).ToListAsync(cancellationToken);
        return
        [
            .. stages.Where(s => new StageSettings(s).Id("configure_flow") is not null).OrderByDescending(s => SetupWords.ClassOf(s.Type))
                .Select(s => new EnrolLink($"/flows/-/configure/{s.Id}/", new StageSettings(s).NameOr(TextOf(s.Type)))),
        ];
    }

    private static string TextOf(StageType type) => type switch
    {
        StageType.AuthenticatorTotp => "Add an authenticator app",
        StageType.AuthenticatorStatic => "Get new recovery codes",
        _ => "Add a security key or passkey",
    };
}
