using System.Security.Cryptography;

namespace Gatehouse.Tunnel.Connector;

/// <summary>When to dial again. It never gives up; after an outage of the edge the connectors come back spread over some seconds.</summary>
internal sealed class LinkPace(int index, Func<bool> hasOthers)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestRefused = TimeSpan.FromMinutes(1);

    private int failures;
    private TimeSpan? refused;
    private bool wasServing;

    /// <summary>Which connection.</summary>
    public int Index => index;

    /// <summary>Whether it is registered.</summary>
    public bool IsServing { get; private set; }

    /// <summary>How often it has failed in a row.</summary>
    public int Failures => failures;

    /// <summary>Registered.</summary>
    public void OnRegistered()
    {
        (failures, refused, wasServing) = (0, null, true);
        IsServing = true;
    }

    /// <summary>The edge said no.</summary>
    public void OnRefused(TimeSpan retryAfter) => refused = retryAfter < LongestRefused ? retryAfter : LongestRefused;

    /// <summary>The connection is over, or there never was one.</summary>
    public void OnEnded()
    {
        if (!IsServing)
        {
            failures++;
        }

        IsServing = false;
    }

    /// <summary>How long to wait before the next try.</summary>
    public TimeSpan Next()
    {
        var most = failures switch
        {
            0 when !wasServing => TimeSpan.Zero, // the first ever
            0 when hasOthers() || index == 0 => TimeSpan.FromMilliseconds(800),
            0 => TimeSpan.FromSeconds(4),
            _ => TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, 4 * Math.Pow(1.3, failures - 1))),
        };
        var least = refused ?? (failures == 0 && most > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);
        refused = null;
        return least + TimeSpan.FromMilliseconds(most == TimeSpan.Zero ? 0 : RandomNumberGenerator.GetInt32((int)most.TotalMilliseconds));
    }
}
