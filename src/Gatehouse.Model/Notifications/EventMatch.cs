using System.Net;
using Gatehouse.Model.Events;

namespace Gatehouse.Model.Notifications;

/// <summary>An event matcher: what is set must match; a matcher with nothing set matches everything, as at authentik.</summary>
/// <param name="Action">Exact action; empty means any.</param>
/// <param name="ClientIp">Exact address; empty means any.</param>
/// <param name="App">App, in authentik's words: <c>authentik.core</c> or <c>authentik_core</c>; empty means any.</param>
/// <param name="Model">Model of the object: <c>authentik_core.user</c>; empty means any.</param>
public sealed record EventMatch(string Action, string ClientIp, string App, string Model)
{
    /// <summary>Whether all that is set matches.</summary>
    public bool Matches(Event happened) =>
        (Action.Length == 0 || Action == happened.Action)
        && (ClientIp.Length == 0 || IsAddress(happened.ClientIp))
        && (App.Length == 0 || IsApp(happened))
        && (Model.Length == 0 || Model == $"{happened.TargetApp}.{happened.TargetModel}");

    // One address has many spellings in IPv6.
    private bool IsAddress(string? seen) =>
        IPAddress.TryParse(ClientIp, out var wanted) && IPAddress.TryParse(seen, out var found) && wanted.Equals(found);

    // The app that reported it (authentik.events.signals belongs to authentik.events), or that of the object.
    private bool IsApp(Event happened)
    {
        var wanted = App.Replace('_', '.');
        return happened.App == wanted || happened.App.StartsWith(wanted + ".", StringComparison.Ordinal)
            || happened.TargetApp?.Replace('_', '.') == wanted;
    }
}

/// <summary>A matcher as it is bound to a rule.</summary>
/// <param name="Match">Null when what is bound can't judge events (a group, a user, another kind of policy), and so never matches.</param>
/// <param name="IsNegated">Turns the result around.</param>
public sealed record BoundMatch(EventMatch? Match, bool IsNegated)
{
    /// <summary>Whether a rule with these bindings fires: some binding matches. Without bindings it never does.</summary>
    public static bool Fires(IEnumerable<BoundMatch> bindings, Event happened) =>
        bindings.Any(b => b.Match is { } match && match.Matches(happened) != b.IsNegated);
}

/// <summary>Reads the enabled bindings of notification rules: whoever keeps bindings and policies knows them.</summary>
public interface IEventMatchers
{
    /// <summary>The bindings by rule; rules without any are left out.</summary>
    Task<IReadOnlyDictionary<Guid, IReadOnlyList<BoundMatch>>> ReadAsync(CancellationToken cancellationToken);
}
