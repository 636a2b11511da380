using System.Net;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>How many requests may be pushed in an hour from one network by clients that prove nothing: each is a row, and may be a large one.</summary>
internal sealed class PushThrottle(TimeProvider clock)
{
    /// <summary>The most in an hour.</summary>
    public const int InAnHour = 300;

    private readonly HourTally<IPAddress> networks = new(clock, InAnHour);

    /// <summary>Counts a request; null lets it through, else how long to wait.</summary>
    public TimeSpan? Begin(IPAddress network) => networks.Begin(network);
}
