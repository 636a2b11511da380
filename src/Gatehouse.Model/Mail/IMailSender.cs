namespace Gatehouse.Model.Mail;

/// <summary>A message to one person, in both forms.</summary>
public sealed record Mail(string To, string Subject, string Text, string Html)
{
    /// <summary>The server to send it over; null means the operator's.</summary>
    public MailServer? Server { get; init; }
}

/// <summary>What came of it.</summary>
public abstract record MailResult
{
    private MailResult()
    {
    }

    /// <summary>The server took it.</summary>
    public sealed record Sent : MailResult;

    /// <summary>It did not.</summary>
    /// <param name="Reason">For the log and the administrator: what was found, what was expected.</param>
    public sealed record Failed(string Reason) : MailResult;
}

/// <summary>Sends mail over the transport that the operator set up.</summary>
public interface IMailSender
{
    /// <summary>Whether the operator set a transport up.</summary>
    bool IsSetUp => true;

    /// <summary>Sends one message; never throws for a server's refusal.</summary>
    Task<MailResult> SendAsync(Mail mail, CancellationToken cancellationToken);
}
