using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Notifications;

/// <summary>
/// How many events that nobody signed in has caused become letters: so many for each rule and hour, on this node. Anybody can cause some, such as
/// a wrong redirect URI. The others are still events, and still told on the page and to webhooks.
/// </summary>
internal sealed partial class LetterLimit(TimeProvider clock, ILogger<LetterLimit> logger)
{
    /// <summary>For each rule and hour.</summary>
    internal const int Most = 20;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock turn = new();
    private readonly Dictionary<Guid, (DateTimeOffset Since, int Count)> taken = []; // guarded by turn; as many as there are rules

    /// <summary>Whether one more may be sent for this rule.</summary>
    public bool TryTake(Guid rule)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            var (since, count) = taken.TryGetValue(rule, out var known) && now - known.Since < Hour ? known : (now, 0);
            taken[rule] = (since, count + 1);
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
