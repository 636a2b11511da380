using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Codes;

/// <summary>What came of a typed code.</summary>
internal abstract record CodeVerdict
{
    private CodeVerdict()
    {
    }

    /// <summary>It is one of this device's, and used up now.</summary>
    public sealed record Right(CodeAuthenticator Device) : CodeVerdict;

    /// <summary>It is not, or was used before.</summary>
    public sealed record Wrong(AuthenticatorClass Class) : CodeVerdict;

    /// <summary>Not looked at: too many wrong ones came before it.</summary>
    public sealed record TooSoon(AuthenticatorClass Class, TimeSpan Wait) : CodeVerdict;
}

/// <summary>Checks codes of apps and recovery codes, each once, and slows down who guesses.</summary>
internal sealed class CodeProof(GatehouseDb db, ISecretBox box, RecoveryCodes recovery, CodeThrottle throttle, TimeProvider clock)
{
    private const int LongestCode = 100;

    /// <summary>Whether <paramref name="typed"/> is a code of the user. Digits are held against apps, all else against recovery codes.</summary>
    public async Task<CodeVerdict> CheckAsync(int userId, string typed, CodeRules rules, CancellationToken cancellationToken)
    {
        // People type the groups that a page or a paper shows.
        var code = string.Concat(typed.Where(c => !char.IsWhiteSpace(c) && c != '-')).ToLowerInvariant();
        var isNumber = code.All(char.IsAsciiDigit);
        return code.Length is 0 or > LongestCode ? new CodeVerdict.Wrong(isNumber ? AuthenticatorClass.Totp : AuthenticatorClass.Static)
            : isNumber ? await TotpAsync(userId, code, rules, cancellationToken)
            : await StaticAsync(userId, code, rules, cancellationToken);
    }

    private async Task<CodeVerdict> TotpAsync(int userId, string code, CodeRules rules, CancellationToken cancellationToken)
    {
        var wrong = new CodeVerdict.Wrong(AuthenticatorClass.Totp);
        var own = db.TotpDevices.Where(d => d.UserId == userId);
        var devices = rules.Allow(AuthenticatorClass.Totp) ? await own.AsNoTracking().OrderBy(d => d.Id).ToListAsync(cancellationToken) : [];
        if (!devices.Exists(d => d.Digits == code.Length))
        {
            return wrong;
        }

        if (await throttle.BeginAsync(own, devices, rules.TotpFactor, cancellationToken) is { } wait)
        {
            return new CodeVerdict.TooSoon(AuthenticatorClass.Totp, wait);
        }

        var now = clock.GetUtcNow();
        foreach (var device in devices.Where(d => d.Digits == code.Length))
        {
            var secret = box.Open(device.SealedSecret, SecretPurposes.TotpDeviceSecret)
                ?? throw new InvalidOperationException("a stored secret of an authenticator app can't be opened");
            if (Totp.StepOf(code, secret, device.Digits, now, device.LastStep) is { } step && await TryBurnAsync(device, step, now, cancellationToken))
            {
                await CodeThrottle.ForgetAsync(own, cancellationToken);
                return new CodeVerdict.Right(device);
            }
        }

        return wrong;
    }

    // The database decides who was first, among all nodes.
    private async Task<bool> TryBurnAsync(TotpDevice device, long step, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.TotpDevices.Where(d => d.Id == device.Id && d.LastStep < step).ExecuteUpdateAsync(
            d => d.SetProperty(x => x.LastStep, step).SetProperty(x => x.LastUsedAt, now), cancellationToken) == 1;

    private async Task<CodeVerdict> StaticAsync(int userId, string code, CodeRules rules, CancellationToken cancellationToken)
    {
        var wrong = new CodeVerdict.Wrong(AuthenticatorClass.Static);
        var own = db.StaticDevices.Where(d => d.UserId == userId);
        var devices = rules.Allow(AuthenticatorClass.Static) ? await own.AsNoTracking().OrderBy(d => d.Id).ToListAsync(cancellationToken) : [];
        if (devices.Count == 0)
        {
            return wrong;
        }

        if (await throttle.BeginAsync(own, devices, rules.StaticFactor, cancellationToken) is { } wait)
        {
            return new CodeVerdict.TooSoon(AuthenticatorClass.Static, wait);
        }

        var (hash, now) = (recovery.HashOf(userId, code), clock.GetUtcNow());
        foreach (var device in devices)
        {
            if (await db.StaticCodes.Where(c => c.DeviceId == device.Id && c.Hash == hash).ExecuteDeleteAsync(cancellationToken) == 1)
            {
                await own.Where(d => d.Id == device.Id).ExecuteUpdateAsync(d => d.SetProperty(x => x.LastUsedAt, now), cancellationToken);
                await CodeThrottle.ForgetAsync(own, cancellationToken);
                return new CodeVerdict.Right(device);
            }
        }

        return wrong;
    }
}
