using System.Collections.Concurrent;
using System.Threading.Channels;
using Gatehouse.Model.Mail;

namespace Gatehouse.Tests.Fakes;

/// <summary>Keeps what was sent.</summary>
internal sealed class FakeMail : IMailSender
{
    private readonly ConcurrentQueue<Mail> sent = new();
    private readonly Channel<Mail> arrived = Channel.CreateUnbounded<Mail>();

    /// <inheritdoc/>
    public bool IsSetUp { get; set; } = true;

    /// <summary>Why the server takes nothing; null means it takes everything.</summary>
    public string? Fault { get; set; }

    /// <summary>All messages so far.</summary>
    public IReadOnlyCollection<Mail> Sent => sent;

    /// <summary>Waits for the next message.</summary>
    public async Task<Mail> NextAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        return await arrived.Reader.ReadAsync(patience.Token);
    }

    /// <inheritdoc/>
    public Task<MailResult> SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        if (Fault is { } fault)
        {
            return Task.FromResult<MailResult>(new MailResult.Failed(fault));
        }

        sent.Enqueue(mail);
        arrived.Writer.TryWrite(mail);
        return Task.FromResult<MailResult>(new MailResult.Sent());
    }
}
