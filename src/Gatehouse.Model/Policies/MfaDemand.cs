using Gatehouse.Model.Apps;
using Gatehouse.Model.Settings;

namespace Gatehouse.Model.Policies;

/// <summary>The second factor that a policy asks of whom it admits to one app: what policy, app and organization come to together.</summary>
/// <param name="Allowed">The kinds that count; none means that nobody can pass.</param>
/// <param name="Duration">How long a proof counts; zero means for one entry.</param>
/// <param name="AmrDuration">The same for what the login method reports; null means that it does not count.</param>
public sealed record MfaDemand(MfaMethods Allowed, TimeSpan Duration, TimeSpan? AmrDuration)
{
    /// <summary>The longest that a proof can count: Cloudflare's limit.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(720);

    private static readonly TimeSpan Usual = TimeSpan.FromHours(24);

    // How long the way to the app may take from there: from page to page, and with a login method's word to any app.
    private static readonly TimeSpan OneEntry = TimeSpan.FromMinutes(2);

    // Tokens know whole seconds, and nodes have clocks of their own.
    private static readonly TimeSpan ClockDrift = TimeSpan.FromSeconds(5);

    /// <summary>What is asked of people whom <paramref name="policy"/> admits to <paramref name="app"/>; null means nothing.</summary>
    public static MfaDemand? Of(Organization organization, App app, Policy policy)
    {
        // People enrol in the App Launcher, so it can't ask for what they come to enrol.
        if (policy.Action != PolicyAction.Allow || app.Type is not (AppType.SelfHosted or AppType.Saas))
        {
            return null;
        }

        var own = organization.Mfa;
        var isWanted = (policy.Mfa ?? app.Mfa) is { } nearest ? !nearest.IsDisabled : organization.MfaRequiredForAllApps && own is { Allowed: not MfaMethods.None };
        if (!isWanted)
        {
            return null;
        }

        // A level that is left out says nothing more, and the organization's word on a sign-in elsewhere never makes a nearer one longer.
        var levels = new[] { policy.Mfa, app.Mfa }.OfType<MfaRules>().Where(l => !l.IsDisabled).ToList();
        var named = levels.Find(l => l.Allowed != MfaMethods.None)?.Allowed ?? MfaMethods.All;
        var duration = levels.Find(l => l.Duration is not null)?.Duration;
        var amr = own?.AmrDuration is { } longest && duration < longest ? duration : own?.AmrDuration;
        return new MfaDemand(named & (own?.Allowed ?? MfaMethods.None), duration ?? own?.Duration ?? Usual, amr);
    }

    /// <summary>
    /// Until when somebody who entered <paramref name="app"/> at <paramref name="enteredAt"/> needs no other proof; null means that they have given none that
    /// counts. Where each entry asks, a proof is for the app that it was given on the way to, and for the way that began at <paramref name="begunAt"/> only newer
    /// ones count; what came of the entry lasts as long as its session.
    /// </summary>
    public DateTimeOffset? OpenUntil(Guid app, VisitorIdentity identity, DateTimeOffset enteredAt, DateTimeOffset begunAt = default)
    {
        DateTimeOffset? best = null;
        foreach (var one in identity.Passed)
        {
            if ((Duration > TimeSpan.Zero ? Passed.MfaOf(one) : Passed.EntryOf(one, app)) is var (method, at) && Allowed.HasFlag(method) && (Duration > TimeSpan.Zero || at > begunAt))
            {
                best = Later(best, EndOf(at, Duration, enteredAt));
            }
            else if (AmrDuration is { } life && Passed.SignInOf(one) is { } signedIn && AmrMethods.Fit(identity.Amr, Allowed))
            {
                best = Later(best, EndOf(signedIn, life, enteredAt));
            }
        }

        return best;
    }

    private static DateTimeOffset? EndOf(DateTimeOffset at, TimeSpan duration, DateTimeOffset enteredAt) =>
        duration > TimeSpan.Zero ? at + duration : enteredAt >= at - ClockDrift && enteredAt <= at + OneEntry ? DateTimeOffset.MaxValue : null;

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;
}

/// <summary>Which kinds of second factor a login method's report speaks of (RFC 8176).</summary>
internal static class AmrMethods
{
    /// <summary>Whether one of <paramref name="amr"/> is a kind of <paramref name="allowed"/>. <c>mfa</c> does not say which it was, so it counts only where any would do.</summary>
    public static bool Fit(IReadOnlyList<string> amr, MfaMethods allowed)
    {
        foreach (var word in amr)
        {
            if (Of(word) is var method && method != MfaMethods.None && (allowed & method) == method)
            {
                return true;
            }
        }

        return false;
    }

    private static MfaMethods Of(string word) => word switch
    {
        "hwk" or "swk" => MfaMethods.SecurityKey,
        "otp" => MfaMethods.Totp,
        "face" or "fpt" or "iris" or "retina" or "vbm" => MfaMethods.Biometrics,
        "mfa" => MfaMethods.All,
        _ => MfaMethods.None,
    };
}
