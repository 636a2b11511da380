using Gatehouse.Model.Authenticators;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Codes;

/// <summary>Which codes a stage takes, and how it slows down who guesses.</summary>
/// <param name="Classes">The classes that it takes.</param>
/// <param name="TotpFactor">Seconds to wait after the first wrong code of an app, doubled with each more; 0 means none.</param>
/// <param name="StaticFactor">The same for recovery codes.</param>
internal sealed record CodeRules(IReadOnlyList<AuthenticatorClass> Classes, double TotpFactor, double StaticFactor)
{
    /// <summary>Whether it takes codes of the class.</summary>
    public bool Allow(AuthenticatorClass which) => Classes.Contains(which);
}

/// <summary>
/// Makes guessing slow: after n wrong codes factor * 2^(n-1) seconds, at most five minutes. Kept with the devices, so a new flow, another
/// name of the same account or another node changes nothing; by class, so that whoever blocks an app leaves the recovery codes and keys.
/// </summary>
internal sealed class CodeThrottle(TimeProvider clock)
{
    private static readonly TimeSpan Meanwhile = TimeSpan.FromSeconds(1);

    /// <summary>Counts a try before it is looked at, so that many at once are not all the first. Null lets it be looked at; else how long to wait.</summary>
    /// <param name="own">The user's devices of the class.</param>
    /// <param name="devices">The same as read, in order of their keys; at least one.</param>
    public async Task<TimeSpan?> BeginAsync<T>(IQueryable<T> own, IReadOnlyList<T> devices, double factor, CancellationToken cancellationToken)
        where T : CodeAuthenticator
    {
        var now = clock.GetUtcNow();
        if (devices.Max(d => d.NextTryAt) is var open && open > now)
        {
            return open - now;
        }

        // The first device is the gate; all of a class count alike.
        var (gate, seen, failures) = (devices[0].Id, devices[0].Failures, devices.Max(d => d.Failures) + 1);
        var next = now + GuessWait.After(failures, factor);
        var isFirst = await own.Where(d => d.Id == gate && d.Failures == seen && d.NextTryAt <= now).ExecuteUpdateAsync(
            d => d.SetProperty(x => x.Failures, failures).SetProperty(x => x.NextTryAt, next), cancellationToken) == 1;
        if (!isFirst)
        {
            return Meanwhile;
        }

        if (devices.Count > 1)
        {
            await own.Where(d => d.Id != gate).ExecuteUpdateAsync(
                d => d.SetProperty(x => x.Failures, failures).SetProperty(x => x.NextTryAt, next), cancellationToken);
        }

        return null;
    }

    /// <summary>A code was right.</summary>
    public static Task ForgetAsync<T>(IQueryable<T> own, CancellationToken cancellationToken)
        where T : CodeAuthenticator =>
        own.ExecuteUpdateAsync(d => d.SetProperty(x => x.Failures, 0).SetProperty(x => x.NextTryAt, DateTimeOffset.UnixEpoch), cancellationToken);
}
