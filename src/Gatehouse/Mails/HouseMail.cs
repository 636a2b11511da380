using System.Net.Sockets;
using Gatehouse.Model.Mail;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Gatehouse.Mails;

/// <summary>Sends mail over what the operator set up, or over the server that a message names.</summary>
internal sealed partial class HouseMail(MailTransport? transport, TimeProvider clock, ILogger<HouseMail> logger) : IMailSender
{
    /// <inheritdoc/>
    public bool IsSetUp => transport is not null;

    /// <inheritdoc/>
    public Task<MailResult> SendAsync(Mail mail, CancellationToken cancellationToken) => (mail.Server, transport) switch
    {
        ({ } own, _) => SendAsync(own, mail, cancellationToken),
        (null, MailTransport.Smtp smtp) => SendAsync(smtp.Server, mail, cancellationToken),
        (null, MailTransport.Folder folder) => WriteAsync(folder, mail, cancellationToken),
        _ => Task.FromResult<MailResult>(new MailResult.Failed("no mail server is set up; start with --smtp-host, or with --mail-dir to write mail into files")),
    };

    private async Task<MailResult> SendAsync(MailServer server, Mail mail, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(server.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var client = new SmtpClient { CheckCertificateRevocation = false }; // a list that can't be fetched would stop all mail
        try
        {
            using var message = Compose(server.From, mail);
            await client.ConnectAsync(server.Host, server.Port, OptionsOf(server.Tls), either.Token);
            if (server.Username.Length > 0)
            {
                await client.AuthenticateAsync(server.Username, server.Password, either.Token);
            }

            await client.SendAsync(message, either.Token);
            await client.DisconnectAsync(quit: true, either.Token);
            return new MailResult.Sent();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail(server, $"it did not answer within {server.Timeout.TotalSeconds:0} seconds");
        }
        catch (Exception fault) when (fault is ServiceNotConnectedException or ServiceNotAuthenticatedException or CommandException or ProtocolException
            or MailKit.Security.AuthenticationException or System.Security.Authentication.AuthenticationException or SslHandshakeException
            or SocketException or IOException or NotSupportedException or FormatException)
        {
            return Fail(server, fault.Message);
        }
    }

    private async Task<MailResult> WriteAsync(MailTransport.Folder folder, Mail mail, CancellationToken cancellationToken)
    {
        try
        {
            using var message = Compose(folder.From, mail);
            Directory.CreateDirectory(folder.Path);
            var whole = Path.Combine(folder.Path, $"{clock.GetUtcNow():yyyyMMdd'T'HHmmss'.'fff}-{Guid.CreateVersion7():N}.eml");
            await message.WriteToAsync(whole + ".part", cancellationToken);
            File.Move(whole + ".part", whole); // whoever watches the folder never sees half a message
            return new MailResult.Sent();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            LogFailed(folder.Path, fault.Message);
            return new MailResult.Failed($"the folder {folder.Path} can't be written: {fault.Message}");
        }
    }

    private MimeMessage Compose(string from, Mail mail)
    {
        var message = new MimeMessage { Subject = mail.Subject, Date = clock.GetUtcNow(), Body = new BodyBuilder { TextBody = mail.Text, HtmlBody = mail.Html }.ToMessageBody() };
        message.From.Add(new MailboxAddress("", from));
        message.To.Add(new MailboxAddress("", mail.To));
        message.Headers.Add("Auto-Submitted", "auto-generated"); // RFC 3834 §5: no answers from robots
        return message;
    }

    private MailResult.Failed Fail(MailServer server, string reason)
    {
        LogFailed(server.Host, reason);
        return new MailResult.Failed($"{server.Host}:{server.Port} did not take it: {reason}");
    }

    private static SecureSocketOptions OptionsOf(MailTls tls) => tls switch
    {
        MailTls.Implicit => SecureSocketOptions.SslOnConnect,
        MailTls.StartTls => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.None,
    };

    [LoggerMessage(EventId = 1401, Level = LogLevel.Warning, Message = "Mail was not sent over {Host}: {Reason}")]
    private partial void LogFailed(string host, string reason);
}
