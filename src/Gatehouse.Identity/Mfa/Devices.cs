using System.Globalization;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa;

/// <summary>Reads people's authenticators.</summary>
internal sealed class Devices(GatehouseDb db, RelyingParty party)
{
    /// <summary>The most of one class that anybody can have.</summary>
    public const int Most = 20;

    /// <summary>All that can prove the user here, the last used first; recovery codes last, since they are for when all else is lost.</summary>
    public async Task<IReadOnlyList<Authenticator>> UsableAsync(int userId, IReadOnlyList<AuthenticatorClass> classes, CancellationToken cancellationToken)
    {
        List<Authenticator> found = [];
        if (classes.Contains(AuthenticatorClass.Totp))
        {
            found.AddRange(await db.TotpDevices.AsNoTracking().Where(d => d.UserId == userId).ToListAsync(cancellationToken));
        }

        if (classes.Contains(AuthenticatorClass.Static))
        {
            found.AddRange(await db.StaticDevices.AsNoTracking().Where(d => d.UserId == userId && d.Codes.Any()).ToListAsync(cancellationToken));
        }

        if (classes.Contains(AuthenticatorClass.WebAuthn))
        {
            found.AddRange(await db.WebAuthnDevices.AsNoTracking().Where(d => d.UserId == userId && d.RpId == party.Id).ToListAsync(cancellationToken));
        }

        return [.. found.OrderBy(d => d.Class == AuthenticatorClass.Static).ThenByDescending(d => d.LastUsedAt ?? DateTimeOffset.MinValue).ThenByDescending(d => d.Class).ThenBy(d => d.Id)];
    }

    /// <summary>What a remembered second factor of the user rests on: the password of now, and that nobody has had it forgotten since.</summary>
    public async Task<string> RememberMarkAsync(int userId, CancellationToken cancellationToken)
    {
        var now = await db.Users.Where(u => u.Id == userId).Select(u => new { u.PasswordHash, u.MfaEpoch }).SingleOrDefaultAsync(cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{PasswordProof.MarkOf(now?.PasswordHash)}\n{now?.MfaEpoch ?? 0}");
    }

    /// <summary>Whether the user has keys, if none that works here: those of a host that Identity had before.</summary>
    public Task<bool> HasStrandedAsync(int userId, CancellationToken cancellationToken) =>
        db.WebAuthnDevices.AnyAsync(d => d.UserId == userId && d.RpId != party.Id, cancellationToken);

    /// <summary>Whether the user has any.</summary>
    public async Task<bool> HasAnyAsync(int userId, CancellationToken cancellationToken) =>
        (await UsableAsync(userId, [AuthenticatorClass.Totp, AuthenticatorClass.Static, AuthenticatorClass.WebAuthn], cancellationToken)).Count > 0;
}
