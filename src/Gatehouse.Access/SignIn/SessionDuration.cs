using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn;

/// <summary>How long an app token lives: the policy's duration, else the app's.</summary>
internal static class SessionDuration
{
    /// <summary>
    /// Life of a token whose duration is zero. It covers the page that was asked for and what that page loads; the next one asks again,
    /// since such an app is never entered silently.
    /// </summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(60);

    /// <summary>The duration that <paramref name="by"/>, the policy that admitted, gives; may be zero.</summary>
    public static TimeSpan Of(AppEntry app, CompiledPolicy by) => by.SessionDuration ?? app.App.SessionDuration;

    /// <summary>Whether some people are to sign in anew for each visit.</summary>
    public static bool MayBeZero(AppEntry app) =>
        app.AfterSignIn.Any(p => p.Action == PolicyAction.Allow && Of(app, p) == TimeSpan.Zero);

    /// <summary>The longest life any app token may have.</summary>
    public static TimeSpan Longest(AccessTable table) =>
        table.AppsByAud.Values
            .SelectMany(a => a.AfterSignIn.Where(p => p.Action == PolicyAction.Allow).Select(p => Of(a, p)))
            .Append(table.Organization.SessionDuration)
            .Max();
}
