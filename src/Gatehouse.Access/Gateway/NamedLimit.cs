using System.Net;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// How many decisions about somebody known, a person or a machine, are kept a minute. The first of each kind always is, so that nothing they did
/// before hides what they do next; of repeats a few are, since one person must not fill the log of all.
/// </summary>
internal sealed class NamedLimit(TimeProvider clock)
{
    private const int MostKinds = 200;
    private const int MostRepeats = 10;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly HashSet<Kind> seen = []; // guarded by gate
    private readonly Dictionary<string, (int Kinds, int Repeats)> counts = []; // guarded by gate
    private DateTimeOffset begun; // guarded by gate

    /// <summary>Whether one more decision of this kind about <paramref name="who"/> is to be kept.</summary>
    public bool Take(string who, Kind kind)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (now - begun >= Window)
            {
                seen.Clear();
                counts.Clear();
                begun = now;
            }

            var (kinds, repeats) = counts.GetValueOrDefault(who);
            if (kinds < MostKinds && seen.Add(kind with { Who = who }))
            {
                counts[who] = (kinds + 1, repeats);
                return true;
            }

            counts[who] = (kinds, repeats + 1);
            return repeats < MostRepeats;
        }
    }

    /// <summary>What tells two decisions about one apart, as far as it matters: machines also by where they come from.</summary>
    internal readonly record struct Kind(Guid App, bool Allowed, bool HasReasons = false, IPAddress? From = null)
    {
        /// <summary>Whom it is about.</summary>
        public string Who { get; init; } = "";
    }
}
