namespace Gatehouse.Tunnel.Edge;

/// <summary>What is known of a connector's life. A closed set.</summary>
internal enum Life
{
    /// <summary>It speaks, or has nothing to speak of.</summary>
    Well,

    /// <summary>Requests wait, it was asked, and it did not answer yet: nobody new is sent there who has another way.</summary>
    Silent,

    /// <summary>It has not answered for too long.</summary>
    Gone,
}

/// <summary>
/// Whether a connector is alive, by pings (RFC 9113 §6.7): soon while requests wait for their answers, now and then otherwise. A service that
/// takes its time is no matter, as long as its connector answers.
/// </summary>
internal sealed class Pulse(GuardedStream stream, TimeSpan keepAlive, TimeSpan longestSilence, TimeProvider clock)
{
    /// <summary>Between looks while requests wait, and while none do.</summary>
    public static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(250), Slow = TimeSpan.FromSeconds(1);

    private const double SlowestLine = 64 * 1024; // bytes per second; what is still on its way stands before the ping

    private static readonly TimeSpan Hesitation = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(3);

    private Task asking = Task.CompletedTask;
    private long? askedAt;
    private long lookedAt = clock.GetTimestamp();

    /// <summary>Looks. To be called again and again, by one at a time.</summary>
    public Life Look(bool areWaiting, CancellationToken cancellationToken)
    {
        // This machine may have slept, or been too busy to look: then what came meanwhile is still to be read.
        var wasAway = clock.GetElapsedTime(lookedAt) > Away;
        lookedAt = clock.GetTimestamp();
        askedAt = wasAway ? null : askedAt;
        if (stream.Quiet < (areWaiting ? Hesitation : keepAlive) || (askedAt is { } last && stream.Quiet < clock.GetElapsedTime(last)))
        {
            askedAt = null;
            return Life.Well;
        }

        if (askedAt is not { } asked)
        {
            askedAt = clock.GetTimestamp();
            if (asking.IsCompleted)
            {
                asking = stream.AskAsync(cancellationToken);
            }

            return Life.Well;
        }

        var silence = clock.GetElapsedTime(asked);
        return silence > (areWaiting ? Patience() : keepAlive) ? Life.Gone
            : areWaiting && silence > Doubt ? Life.Silent
            : Life.Well;
    }

    /// <summary>Ends with the ping that is on its way; it failed if the connection did.</summary>
    public async Task EndAsync() => await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private TimeSpan Patience()
    {
        var patience = longestSilence + TimeSpan.FromSeconds(stream.SentSinceRead / SlowestLine);
        return patience < keepAlive ? patience : TimeSpan.FromTicks(Math.Max(keepAlive.Ticks, longestSilence.Ticks));
    }
}
