namespace Gatehouse.Tunnel.Connector;

/// <summary>When to dial again. It never gives up; after an outage of the edge the connectors come back spread over some seconds.</summary>
/// <param name="index">Which connection of its connector.</param>
/// <param name="hasOthers">Whether another one serves.</param>
/// <param name="below">A random number from zero to below the given one.</param>
internal sealed class LinkPace(int index, Func<bool> hasOthers, Func<int, int> below)
{
    /// <summary>How long to look, after one was lost, whether the others are lost with it: then it was the edge.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(150);

    private static readonly TimeSpan LongestRefused = TimeSpan.FromMinutes(1);

    private int failures;
    private TimeSpan? refused;
    private bool wasServing;

    /// <summary>Which connection.</summary>
    public int Index => index;

    /// <summary>Whether it is registered.</summary>
    public bool IsServing { get; private set; }

    /// <summary>Whether another one of its connector serves.</summary>
    public bool HasOthers => hasOthers();

    /// <summary>How often it has failed in a row.</summary>
    public int Failures => failures;

    /// <summary>Registered.</summary>
    public void OnRegistered()
    {
        (failures, refused, wasServing) = (0, null, true);
        IsServing = true;
    }

    /// <summary>The edge said no.</summary>
    public void OnRefused(TimeSpan retryAfter) => refused = retryAfter < TimeSpan.Zero ? TimeSpan.Zero : retryAfter < LongestRefused ? retryAfter : LongestRefused;

    /// <summary>The connection is over, or there never was one.</summary>
    public void OnEnded()
    {
        if (!IsServing)
        {
            failures++;
        }

        IsServing = false;
    }

    /// <summary>Whether it served until now: then <see cref="Settling"/> comes before <see cref="Next"/>.</summary>
    public bool WasServing => failures == 0 && wasServing;

    /// <summary>How long to wait before the next try.</summary>
    public TimeSpan Next()
    {
        // Of waits that begin at zero, those that are under way when the edge comes back would end at once, more than others.
        var (least, spread) = failures switch
        {
            0 when !wasServing => (0, 0), // the first ever
            < 5 when !wasServing => (200, 2000), // the edge may be starting just now as well
            0 when hasOthers() || index == 0 => (0, 650),
            0 => (1000, 5000),
            _ => (1500, 6000),
        };
        var wait = refused ?? TimeSpan.FromMilliseconds(least);
        refused = null;
        return wait + TimeSpan.FromMilliseconds(spread == 0 ? 0 : below(spread));
    }
}
