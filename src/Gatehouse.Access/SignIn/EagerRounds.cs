using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>
/// Carries a sign-in to an app's other hosts at once, where the app wants that: pages of one host may then call the others. Each stop is a sign-in
/// of its own, bound to the browser like any other, but never one that asks.
/// </summary>
internal sealed class EagerRounds(SealedStates states, PublicUrls urls, TimeProvider clock)
{
    /// <summary>The parameter that a round travels in.</summary>
    public const string Parameter = "round";

    // Browsers follow some twenty redirects; each stop takes four.
    private const int MostStops = 4;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    /// <summary>The round of <paramref name="app"/> that a request is part of; null when it is none.</summary>
    public EagerRound? Of(HttpRequest request, AppEntry app) =>
        request.Query[Parameter] is [{ } text] && states.OpenRound(text) is { } round && round.Aud == app.App.Aud ? round : null;

    /// <summary>Where a browser goes that has its token for one host: on to the next, or to where it wanted to be.</summary>
    public string Next(AccessTable table, AppEntry app, HandOffState state, TimeSpan duration)
    {
        var here = urls.UrlOf(state.Host) + state.ReturnTo;
        if (state.Round is { } text)
        {
            return states.OpenRound(text) is { } round && round.Aud == app.App.Aud ? On(round) : here;
        }

        return app.App.EagerRedirect && app.App.Domains.Count > 1 && duration > TimeSpan.Zero
            ? On(new EagerRound
            {
                Aud = app.App.Aud,
                Stops = [.. AppHosts.OthersThan(table, app, state.Host).Take(MostStops)],
                Final = here,
                ExpiresAt = clock.GetUtcNow() + Life,
            })
            : here;
    }

    private string On(EagerRound round)
    {
        if (round.Stops is not [var stop, .. var rest])
        {
            return round.Final;
        }

        var slash = stop.IndexOf('/', StringComparison.Ordinal);
        var left = states.Seal(new EagerRound { Aud = round.Aud, Stops = [.. rest], Final = round.Final, ExpiresAt = round.ExpiresAt });
        return $"{AppLogin.Url(urls, stop[..slash], stop[slash..], switchPerson: false)}&{Parameter}={left}";
    }
}
