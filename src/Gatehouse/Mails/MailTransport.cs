using Gatehouse.Model.Mail;

namespace Gatehouse.Mails;

/// <summary>How mail leaves this installation.</summary>
internal abstract record MailTransport
{
    private MailTransport()
    {
    }

    /// <summary>To a mail server.</summary>
    internal sealed record Smtp(MailServer Server) : MailTransport;

    /// <summary>Into files of a folder, for development.</summary>
    internal sealed record Folder(string Path, string From) : MailTransport;
}
