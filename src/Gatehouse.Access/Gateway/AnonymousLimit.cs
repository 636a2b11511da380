using System.Net;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Access.Gateway;

/// <summary>How many decisions about nobody in particular are kept per client address and minute: a flood must not fill the store.</summary>
internal sealed class AnonymousLimit(TimeProvider clock)
{
    private const int MostPerAddress = 60;
    private const int MostInAll = 1000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> counts = []; // guarded by gate
    private int kept; // guarded by gate
    private DateTimeOffset begun; // guarded by gate

    /// <summary>Whether one more decision about this address is to be kept.</summary>
    public bool Take(IPAddress address)
    {
        var client = ClientNetwork.Of(address);
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (now - begun >= Window)
            {
                counts.Clear();
                kept = 0;
                begun = now;
            }

            // Whoever has many addresses hides no more than what others do namelessly.
            var count = counts.GetValueOrDefault(client);
            if (kept >= MostInAll || count >= MostPerAddress)
            {
                return false;
            }

            counts[client] = count + 1;
            kept++;
            return true;
        }
    }
}
