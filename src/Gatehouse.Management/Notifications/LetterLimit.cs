using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Notifications;

/// <summary>
/// How many events that nobody signed in has caused become letters: so many for each rule and hour, on this node. Anybody can cause some, such as
/// a wrong redirect URI, or a wrong password of somebody else. The others are still events, and still told on the page and to webhooks.
/// </summary>
internal sealed partial class LetterLimit(TimeProvider clock, ILogger<LetterLimit> logger)
{
    /// <summary>For each rule and hour; as many again where somebody is named, and for each whom the rule tells of themselves.</summary>
    internal const int Most = 20;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock turn = new();
    private readonly Dictionary<(Guid Rule, int About), (DateTimeOffset Since, int Count)> taken = []; // guarded by turn; those of this hour

    /// <summary>Whether one more may be sent for this rule.</summary>
    /// <param name="about">Whose share it is: names that nobody has must not use up what tells of those who are there, nor one user what tells another.</param>
    public bool TryTake(Guid rule, int about)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            if (!taken.TryGetValue((rule, about), out var known) || now - known.Since >= Hour)
            {
                foreach (var (over, _) in taken.Where(t => now - t.Value.Since >= Hour).ToList())
                {
                    taken.Remove(over);
                }

                known = (now, 0);
            }

            var (since, count) = known;
            taken[(rule, about)] = (since, count + 1);
            if (count == Most)
            {
                LogFull(rule, Most);
            }

            return count < Most;
        }
    }

    [LoggerMessage(EventId = 5204, Level = LogLevel.Warning, Message = "Rule {Rule} has sent {Most} letters about strangers within an hour; no more before that is over")]
    private partial void LogFull(Guid rule, int most);
}
