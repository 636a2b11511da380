using Gatehouse.Identity.SignIn;

namespace Gatehouse.Tests.Identity.SignIn;

public class PasswordsTests
{
    [Fact]
    public async Task A_flood_of_logins_is_turned_away_instead_of_queued_without_end()
    {
        using var passwords = new Passwords();
        using var gone = new CancellationTokenSource();
        Task<PasswordCheck>[] checks = [.. Enumerable.Range(0, 100).Select(_ => passwords.CheckAsync("x", null, gone.Token))];

        var refused = checks.Count(c => c is { IsCompletedSuccessfully: true, Result: PasswordCheck.Busy });
        await gone.CancelAsync();
        await Task.WhenAll(checks.Select(c => c.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));

        Assert.True(refused is >= 30 and <= 36, $"{refused} of 100 were turned away");
        Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync("x", null, TestContext.Current.CancellationToken));
    }
}
