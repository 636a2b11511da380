using System.Net;
using System.Net.Sockets;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;

namespace Gatehouse.Identity.SignIn;

/// <summary>Whose password is guessed, and from where.</summary>
internal readonly record struct Guess(string Name, IPAddress Network)
{
    /// <summary>
    /// The guess at a typed name, whoever has it or not: all spellings that find the same person are one. A name and an address of theirs are two, since
    /// a wait for both would tell that they belong together.
    /// </summary>
    public static Guess Of(string typed, IPAddress address) => new(UserNames.Lookup(typed) ?? EmailAddress.Canonical(typed.Trim()) ?? typed.Trim(), NetworkOf(address));

    /// <summary>What one visitor can send from: an IPv4 address, or the /64 that a line of IPv6 gets.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}

/// <summary>
/// Slows down who keeps guessing at one name. By name and network together: a guesser elsewhere locks nobody out of their own account.
/// Kept in memory; a restart forgives, and no row is written for a visitor.
/// </summary>
internal sealed class Guesses(TimeProvider clock)
{
    private const int Free = 5;
    private const int MostKept = 10_000;
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Lock turn = new();
    private readonly Dictionary<Guess, Tally> kept = [];

    /// <summary>Counts a guess before it is checked, so that many at once are not all the first. Null lets it be checked; else how long to wait.</summary>
    public TimeSpan? Begin(Guess guess)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            if (!kept.TryGetValue(guess, out var tally) || now - tally.Last > Memory)
            {
                tally = new Tally(0, now);
            }

            var left = tally.Last + WaitAfter(tally.Count) - now;
            if (left > TimeSpan.Zero)
            {
                return left;
            }

            MakeRoom_NeedsLock(guess, now);
            kept[guess] = new Tally(tally.Count + 1, now);
            return null;
        }
    }

    /// <summary>The password was right.</summary>
    public void Forget(Guess guess)
    {
        lock (turn)
        {
            kept.Remove(guess);
        }
    }

    /// <summary>The password was not checked after all.</summary>
    public void TakeBack(Guess guess)
    {
        lock (turn)
        {
            if (kept.TryGetValue(guess, out var tally) && tally.Count > 1)
            {
                kept[guess] = tally with { Count = tally.Count - 1 };
            }
            else
            {
                kept.Remove(guess);
            }
        }
    }

    private static TimeSpan WaitAfter(int count) => count switch
    {
        < Free => TimeSpan.Zero,
        < Free + 4 => FirstWait * (1 << (count - Free)), // 5, 10, 20, 40 seconds
        _ => LongestWait,
    };

    private void MakeRoom_NeedsLock(Guess guess, DateTimeOffset now)
    {
        if (kept.Count < MostKept || kept.ContainsKey(guess))
        {
            return;
        }

        // Almost every entry has cost its maker a password hash, so this is rare.
        foreach (var old in kept.Where(k => now - k.Value.Last > Memory).Select(k => k.Key).ToList())
        {
            kept.Remove(old);
        }

        // Many names guessed at once each must not make room for more guesses at one.
        if (kept.Count >= MostKept)
        {
            kept.Remove(kept.MinBy(k => (k.Value.Count, k.Value.Last)).Key);
        }
    }

    private readonly record struct Tally(int Count, DateTimeOffset Last);
}
