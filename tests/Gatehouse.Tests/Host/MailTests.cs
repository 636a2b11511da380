using System.CommandLine;
using Gatehouse.Mails;
using Gatehouse.Model.Mail;
using Gatehouse.Tests.Fakes;
using Gatehouse.Verbs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Host;

/// <summary>How mail is set up, and what happens when it can't leave.</summary>
public class MailTests
{
    [Fact]
    public void Without_a_word_no_mail_is_sent() => Assert.Null(Read([], out _));

    [Theory]
    [InlineData("--smtp-host mail.example.com", 587, MailTls.StartTls)]
    [InlineData("--smtp-host mail.example.com --smtp-tls tls", 465, MailTls.Implicit)]
    [InlineData("--smtp-host mail.example.com --smtp-tls none", 25, MailTls.None)]
    [InlineData("--smtp-host 127.0.0.1", 25, MailTls.None)]
    [InlineData("--smtp-host localhost --smtp-port 2525 --smtp-user u --smtp-password p", 2525, MailTls.None)]
    public void Defaults_are_the_safe_ones(string flags, int port, MailTls tls)
    {
        var server = Assert.IsType<MailTransport.Smtp>(Read(flags.Split(' '), out var faults)).Server;

        Assert.Empty(faults);
        Assert.Equal((port, tls, "gatehouse@localhost", TimeSpan.FromSeconds(10)), (server.Port, server.Tls, server.From, server.Timeout));
        Assert.DoesNotContain("p", new MailTransport.Smtp(server).Server.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--smtp-host mail.example.com --smtp-tls none --smtp-user u --smtp-password p", "--smtp-tls")]
    [InlineData("--smtp-host mail.example.com --smtp-user u", "--smtp-user")]
    [InlineData("--smtp-host mail.example.com --smtp-port 0", "--smtp-port")]
    [InlineData("--smtp-host mail.example.com --smtp-tls maybe", "--smtp-tls")]
    [InlineData("--smtp-host mail.example.com --smtp-timeout soon", "--smtp-timeout")]
    [InlineData("--smtp-host user@mail.example.com", "--smtp-host")]
    [InlineData("--smtp-host mail.example.com --mail-from nobody", "--mail-from")]
    [InlineData("--smtp-host mail.example.com --mail-dir mails", "--mail-dir")]
    public void What_makes_no_sense_is_explained(string flags, string named)
    {
        Read(flags.Split(' '), out var faults);

        Assert.Contains(named, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Authentiks_variables_are_taken_too()
    {
        var server = Assert.IsType<MailTransport.Smtp>(Read([], out var faults, new()
        {
            ["AUTHENTIK_EMAIL__HOST"] = "mail.example.com",
            ["AUTHENTIK_EMAIL__PORT"] = "2465",
            ["AUTHENTIK_EMAIL__USERNAME"] = "u",
            ["AUTHENTIK_EMAIL__PASSWORD"] = "p",
            ["AUTHENTIK_EMAIL__USE_SSL"] = "true",
            ["AUTHENTIK_EMAIL__TIMEOUT"] = "30",
            ["AUTHENTIK_EMAIL__FROM"] = "House <house@example.com>",
        })).Server;

        Assert.Empty(faults);
        Assert.Equal(("mail.example.com", 2465, MailTls.Implicit, "u", "p", "house@example.com", 30), (server.Host, server.Port, server.Tls, server.Username, server.Password, server.From, server.Timeout.TotalSeconds));
    }

    [Theory]
    [InlineData("file:///var/mail/out", "/var/mail/out")]
    [InlineData("file:/var/mail/out", "/var/mail/out")]
    public void A_file_url_is_a_folder(string host, string folder) =>
        Assert.Equal(folder, Assert.IsType<MailTransport.Folder>(Read(["--smtp-host", host], out _)).Path);

    [Fact]
    public async Task A_folder_gets_whole_messages_that_any_mail_program_opens()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-mail-");
        try
        {
            var mail = new HouseMail(new MailTransport.Folder(folder.FullName, "house@example.com"), new FakeClock(), NullLogger<HouseMail>.Instance);

            Assert.IsType<MailResult.Sent>(await mail.SendAsync(new Mail("ada@example.com", "Grüße", "Text", "<p>Html</p>"), TestContext.Current.CancellationToken));

            var text = await File.ReadAllTextAsync(Assert.Single(folder.GetFiles("*.eml")).FullName, TestContext.Current.CancellationToken);
            Assert.Contains("To: ada@example.com", text, StringComparison.Ordinal);
            Assert.Contains("Subject: =?utf-8?", text, StringComparison.Ordinal);
            Assert.Contains("multipart/alternative", text, StringComparison.Ordinal);
            Assert.Empty(folder.GetFiles("*.part"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_a_result_with_its_reason()
    {
        var mail = new HouseMail(null, TimeProvider.System, NullLogger<HouseMail>.Instance);
        var message = new Mail("ada@example.com", "s", "t", "h");
        var gone = new MailServer { Host = "127.0.0.1", Port = 1, Tls = MailTls.None, From = "house@example.com" };

        Assert.False(mail.IsSetUp);
        Assert.Contains("--smtp-host", Assert.IsType<MailResult.Failed>(await mail.SendAsync(message, TestContext.Current.CancellationToken)).Reason, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", Assert.IsType<MailResult.Failed>(await mail.SendAsync(message with { Server = gone }, TestContext.Current.CancellationToken)).Reason, StringComparison.Ordinal);
    }

    private static MailTransport? Read(string[] arguments, out List<string> faults, Dictionary<string, string>? variables = null)
    {
        var flags = new MailFlags();
        var command = new RootCommand();
        flags.AddTo(command);
        faults = [];
        var shell = new Shell(TextWriter.Null, TextWriter.Null, name => variables?.GetValueOrDefault(name), TimeProvider.System);
        return flags.Read(command.Parse(arguments), shell, faults);
    }
}
