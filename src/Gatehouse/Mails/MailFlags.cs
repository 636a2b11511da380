using System.CommandLine;
using System.Globalization;
using System.Net;
using Gatehouse.Logging;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Policies;
using Gatehouse.Verbs;

namespace Gatehouse.Mails;

/// <summary>The flags of <c>up</c> about mail, their variables, and authentik's names for the same: <c>AUTHENTIK_EMAIL__*</c>.</summary>
internal sealed class MailFlags
{
    private const string DefaultFrom = "gatehouse@localhost";

    private readonly Option<string?> folder = Flags.Text("--mail-dir", "DIR", "Write mail into files of this folder instead of sending it; for development");
    private readonly Option<string?> host = Flags.Text("--smtp-host", "NAME", "Mail server; without it, and without --mail-dir, no mail is sent");
    private readonly Option<string?> port = Flags.Text("--smtp-port", "PORT", "Its port. Default: 465 with tls, 587 with starttls, 25 with none");
    private readonly Option<string?> user = Flags.Text("--smtp-user", "NAME", "Who we are to it; without it there is no authentication");
    private readonly Option<string?> password = Flags.Text("--smtp-password", "TEXT", "Our password. Prefer the variable: a flag shows in the process list");
    private readonly Option<string?> tls = Flags.Text("--smtp-tls", "MODE", "none, starttls or tls. Default: starttls, but none on a loopback address");
    private readonly Option<string?> from = Flags.Text("--mail-from", "ADDRESS", $"Sender's address. Default: {DefaultFrom}");
    private readonly Option<string?> timeout = Flags.Text("--smtp-timeout", "SECONDS", "How long one message may take. Default: 10");

    /// <summary>Puts them on a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (var flag in new[] { folder, host, port, user, password, tls, from, timeout })
        {
            command.Add(flag);
        }
    }

    /// <summary>The transport that was asked for; null means none. What makes no sense goes to <paramref name="faults"/>.</summary>
    public MailTransport? Read(ParseResult parsed, Shell shell, List<string> faults)
    {
        var sender = Flags.Read(parsed, from, shell) ?? Authentik(shell, "FROM") ?? DefaultFrom;
        if (EmailAddress.Canonical(AddressOf(sender)) is null)
        {
            faults.Add($"--mail-from is '{LogText.Escape(sender)}'; expected one address such as gatehouse@example.com");
        }

        var server = Flags.Read(parsed, host, shell) ?? Authentik(shell, "HOST");
        var directory = Flags.Read(parsed, folder, shell);
        if (server is ['f', 'i', 'l', 'e', ':', .. var path])
        {
            // file:///var/mail or file:mails
            (directory, server) = (directory ?? (path.StartsWith("//", StringComparison.Ordinal) ? path[2..] : path), null);
        }

        if (directory is not null && server is not null)
        {
            faults.Add("--mail-dir and --smtp-host exclude each other; give one");
        }

        return directory is not null ? new MailTransport.Folder(Path.GetFullPath(directory), AddressOf(sender))
            : server is not null ? new MailTransport.Smtp(ServerOf(parsed, shell, server, AddressOf(sender), faults))
            : null;
    }

    private MailServer ServerOf(ParseResult parsed, Shell shell, string server, string sender, List<string> faults)
    {
        if (server.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '/' or '@'))
        {
            faults.Add($"--smtp-host is '{LogText.Escape(server)}'; expected a name or an address, such as mail.example.com");
        }

        var isHere = server is "localhost" || (IPAddress.TryParse(server, out var address) && IPAddress.IsLoopback(address));
        var mode = TlsOf(Flags.Read(parsed, tls, shell), shell, isHere, faults);
        var name = Flags.Read(parsed, user, shell) ?? Authentik(shell, "USERNAME") ?? "";
        var secret = Flags.Read(parsed, password, shell) ?? Authentik(shell, "PASSWORD") ?? "";
        if (name.Length == 0 != (secret.Length == 0))
        {
            faults.Add("--smtp-user and --smtp-password need each other; give both or neither");
        }
        else if (name.Length > 0 && mode == MailTls.None && !isHere)
        {
            faults.Add("--smtp-tls is none, so the password would cross the network in the clear; expected starttls or tls");
        }

        return new MailServer
        {
            Host = server,
            Port = Whole("--smtp-port", Flags.Read(parsed, port, shell) ?? Authentik(shell, "PORT"), mode switch { MailTls.Implicit => 465, MailTls.StartTls => 587, _ => 25 }, 65535, faults),
            Tls = mode,
            From = sender,
            Username = name,
            Password = secret,
            Timeout = TimeSpan.FromSeconds(Whole("--smtp-timeout", Flags.Read(parsed, timeout, shell) ?? Authentik(shell, "TIMEOUT"), 10, 300, faults)),
        };
    }

    private static MailTls TlsOf(string? mode, Shell shell, bool isHere, List<string> faults)
    {
        switch (mode?.ToLowerInvariant())
        {
            case "none":
                return MailTls.None;
            case "starttls":
                return MailTls.StartTls;
            case "tls":
                return MailTls.Implicit;
            case null:
                return IsYes(Authentik(shell, "USE_SSL")) ? MailTls.Implicit
                    : IsYes(Authentik(shell, "USE_TLS")) ? MailTls.StartTls
                    : isHere || Authentik(shell, "USE_TLS") is not null ? MailTls.None
                    : MailTls.StartTls;
            default:
                faults.Add($"--smtp-tls is '{LogText.Escape(mode)}'; expected none, starttls or tls");
                return MailTls.StartTls;
        }
    }

    private static int Whole(string flag, string? text, int otherwise, int most, List<string> faults)
    {
        if (text is null)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
        {
            return number;
        }

        faults.Add($"{flag} is '{LogText.Escape(text)}'; expected a whole number from 1 to {most}");
        return otherwise;
    }

    // "Name <address>", as authentik takes it, too: the name is left out.
    private static string AddressOf(string sender) => sender.Trim() is var text && text.EndsWith('>') && text.LastIndexOf('<') is >= 0 and var at ? text[(at + 1)..^1] : text;

    private static bool IsYes(string? text) => text?.ToLowerInvariant() is "1" or "true" or "yes";

    private static string? Authentik(Shell shell, string name) => shell.Variable("AUTHENTIK_EMAIL__" + name) is { Length: > 0 } text ? text : null;
}
