namespace Gatehouse.Identity.Oidc.Registration;

/// <summary>How many clients one user may register in an hour: each makes every node read its tables anew.</summary>
internal sealed class RegistrationThrottle(TimeProvider clock)
{
    /// <summary>The most in an hour.</summary>
    public const int InAnHour = 60;

    private readonly HourTally<int> users = new(clock, InAnHour);

    /// <summary>Counts a request; null lets it through, else how long to wait.</summary>
    public TimeSpan? Begin(int userId) => users.Begin(userId);
}
