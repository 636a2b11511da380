using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Notifications;

/// <summary>
/// How many events that nobody signed in has caused become letters: so many for each rule and hour, on this node. Anybody can cause some, such as
/// a wrong redirect URI, or a wrong password of somebody else. The others are still events, and still told on the page and to webhooks.
/// </summary>
internal sealed partial class LetterLimit(TimeProvider clock, ILogger<LetterLimit> logger)
{
    /// <summary>For each rule and hour; as many again where somebody is named.</summary>
    internal const int Most = 20;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock turn = new();
    private readonly Dictionary<(Guid Rule, bool IsNamed), (DateTimeOffset Since, int Count)> taken = []; // guarded by turn; two for each rule

    /// <summary>Whether one more may be sent for this rule.</summary>
    /// <param name="isNamed">Whether it names a user: names that nobody has must not use up what tells of those who are there.</param>
    public bool TryTake(Guid rule, bool isNamed)
    {
        var now = clock.GetUtcNow();
        lock (turn)
        {
            var (since, count) = taken.TryGetValue((rule, isNamed), out var known) && now - known.Since < Hour ? known : (now, 0);
            taken[(rule, isNamed)] = (since, count + 1);
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
