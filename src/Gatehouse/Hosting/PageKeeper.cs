using System.Globalization;

namespace Gatehouse.Hosting;

/// <summary>
/// Keeps the pages of our own files few while a connector starts and warms up. The system brings in sixteen for each that is touched, and what
/// only a start or the first requests need would stay: twice as much as what is in use later. Letting go costs milliseconds; what is in use
/// comes back from the system's cache.
/// </summary>
internal sealed class PageKeeper(TimeProvider clock) : BackgroundService
{
    /// <summary>How many bytes are too many. In use are some 25 MB of files, and 10 of code made at run time, which count alike.</summary>
    internal const long Most = 44L << 20;

    /// <summary>The same while it starts, when they grow until they have gone.</summary>
    internal const long MostAtFirst = 32L << 20;

    // Of the runtime and of the image, which are loaded before any code of ours: nobody is loading them while they are let go.
    private const long Large = 1 << 20;

    private const int LongestPause = 120;
    private const int FirstLooks = 100;

    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(15); // while it starts: a megabyte may come in each millisecond
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    private readonly MappedFiles files = new();
    private int first = FirstLooks;
    private int pause = 1;
    private int looks;

    /// <summary>Notes what is mapped. Some time before the first <see cref="LetGo"/>: only what is there at both times is let go.</summary>
    public void Look() => files.Look();

    /// <summary>Lets go at a moment when much is known to be over; of how many parts of files. Not while it runs.</summary>
    public int LetGo() => files.LetGo(Large);

    /// <summary>Whether to let go: there is too much, and it was worth it the last time. After the start, what comes back at once is in use, and is asked about ever less often.</summary>
    internal bool IsDue(long shared)
    {
        if (first > 0)
        {
            first--;
            return shared >= MostAtFirst;
        }

        looks++;
        if (shared < Most || looks < pause)
        {
            return false;
        }

        pause = looks <= 2 * pause ? Math.Min(2 * pause, LongestPause) : 1;
        looks = 0;
        return true;
    }

    /// <summary>Bytes that are files' or shared, of a text such as <c>25843 10211 7933 12 0 ...</c>; zero when it can't be read.</summary>
    internal static long SharedOf(ReadOnlySpan<byte> statm)
    {
        var number = 0;
        foreach (var range in statm.Split((byte)' '))
        {
            if (number++ == 2)
            {
                return long.TryParse(statm[range], NumberStyles.None, CultureInfo.InvariantCulture, out var pages) ? pages * Environment.SystemPageSize : 0;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var statm = File.OpenHandle("/proc/self/statm");
        var text = new byte[128];
        using var timer = new PeriodicTimer(Quick, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            timer.Period = first > 0 ? Quick : Every;
            if (IsDue(SharedOf(text.AsSpan(0, RandomAccess.Read(statm, text, 0)))))
            {
                _ = LetGo();
            }
        }
    }
}
