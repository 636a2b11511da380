using System.Collections.Concurrent;
using Gatehouse.Model.Mail;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps what was sent.</summary>
internal sealed class FakeMail : IMailSender, IDisposable
{
    private readonly ConcurrentQueue<Mail> sent = new();
    private readonly SemaphoreSlim arrived = new(0);

    /// <inheritdoc/>
    public bool IsSetUp { get; set; } = true;

    /// <summary>Why the server takes nothing; null means it takes everything.</summary>
    public string? Fault { get; set; }

    /// <summary>All messages so far.</summary>
    public IReadOnlyCollection<Mail> Sent => sent;

    /// <summary>Waits for the next message.</summary>
    public async Task<Mail> NextAsync()
    {
        Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), "no message came");
        return sent.Last();
    }

    /// <inheritdoc/>
    public Task<MailResult> SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        if (Fault is { } fault)
        {
            return Task.FromResult<MailResult>(new MailResult.Failed(fault));
        }

        sent.Enqueue(mail);
        arrived.Release();
        return Task.FromResult<MailResult>(new MailResult.Sent());
    }

    /// <inheritdoc/>
    public void Dispose() => arrived.Dispose();
}
