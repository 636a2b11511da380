using Gatehouse.Management.Notifications;
using Gatehouse.Model.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>What becomes a letter of what rules fire on.</summary>
public class LetterLimitTests
{
    [Fact]
    public async Task Strangers_fill_no_mailbox_and_without_mail_nothing_waits_for_it()
    {
        await using var host = await NotificationTests.StartAsync(local: true);
        var mails = host.Services.GetRequiredService<NotificationTests.Mails>();
        await NotificationTests.BindAsync(host, await NotificationTests.RuleAsync(host, "email", null), NotificationTests.Failures);
        async Task FailOftenAsync(Func<Task>? failAsync = null)
        {
            for (var n = 0; n < LetterLimit.Most + 5; n++)
            {
                await (failAsync?.Invoke() ?? host.Services.GetRequiredService<IEventLog>().WriteAsync(new NewEvent("login_failed", null, "192.0.2.7", []), TestContext.Current.CancellationToken));
            }

            await NotificationTests.DrainAsync(host);
        }

        mails.IsSetUp = false;
        await FailOftenAsync();
        Assert.Equal((0, 0), (mails.Sent.Count, await NotificationTests.CountAsync(host)));
        mails.IsSetUp = true;
        await FailOftenAsync();
        Assert.Equal(LetterLimit.Most, mails.Sent.Count);
        await FailOftenAsync(() => NotificationTests.FailAsync(host)); // as somebody who is known: whoever it was is a stranger
        Assert.Equal(2 * LetterLimit.Most, mails.Sent.Count);
    }
}
