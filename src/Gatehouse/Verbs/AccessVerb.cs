using System.CommandLine;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Hosting;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse access</c>: the client side of what is published.</summary>
internal static class AccessVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("access", "Reach applications and private services that are published through Gatehouse.")
    {
        Login(shell),
        Token(shell),
        Curl(shell),
        Stream("tcp", "Forward a local port, or standard input and output, to a TCP service behind a hostname.", shell),
        Stream("ssh", "The same, for ssh's ProxyCommand: gatehouse access ssh --hostname %h", shell),
    };

    private static Command Login(Shell shell)
    {
        var (app, ca) = (App(), Ca());
        var plain = Flags.Switch("--no-browser", "Open no browser and listen on no port: print the address, and take the code that it shows");
        var command = new Command("login", "Sign in to an application; its token is kept in ~/.gatehouse.") { app, plain, ca };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var url = AccessTarget.Read(parsed.GetValue(app), faults);
            var authorities = Authorities(Flags.Read(parsed, ca, shell), shell, faults, out _);
            var withoutBrowser = Flags.Read(parsed, plain, shell, faults);
            return faults.Count > 0 || url is null
                ? shell.Misused(faults, "access login")
                : await new AccessLogin(url, authorities, shell).RunAsync(withoutBrowser, cancellationToken);
        });
        return command;
    }

    private static Command Token(Shell shell)
    {
        var app = App();
        var command = new Command("token", "Print the token of an application that you have signed in to.") { app };
        command.SetAction(parsed =>
        {
            var faults = new List<string>();
            if (AccessTarget.Read(parsed.GetValue(app), faults) is not { } url)
            {
                return shell.Misused(faults, "access token");
            }

            if (AccessTokenFiles.Find(shell, url.Authority) is not { } token)
            {
                return shell.Fail($"there is no token for {url.Authority}, or its time is over; run gatehouse access login {url}");
            }

            shell.Output.WriteLine(token);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Curl(Shell shell)
    {
        var (app, ca, flags) = (App(), Ca(), new AccessFlags());
        var more = new Argument<string[]>("arguments") { Description = "What curl is to do besides; put -- before it", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("curl", "Ask an application with curl, as whoever you signed in as, or as a service.") { app, ca, more };
        flags.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var url = AccessTarget.Read(parsed.GetValue(app), faults);
            var headers = flags.Read(parsed, shell, url?.Authority ?? "", faults);
            Authorities(Flags.Read(parsed, ca, shell), shell, faults, out var file);
            return faults.Count > 0 || url is null ? shell.Misused(faults, "access curl")
                : headers.Count == 0 ? shell.Fail($"there is no token for {url.Authority}, or its time is over; run gatehouse access login {url}")
                : await AccessCurl.RunAsync(url, parsed.GetValue(more) ?? [], headers, file, shell, cancellationToken);
        });
        return command;
    }

    private static Command Stream(string name, string description, Shell shell)
    {
        var hostname = Flags.Text("--hostname", "HOST[:PORT]", "The public name of the service");
        var url = Flags.Text("--url", "ADDR:PORT", "Where to listen; without it standard input and output are one connection");
        var destination = Flags.Text("--destination", "HOST:PORT", "Where a bastion shall lead to");
        var (ca, flags) = (Ca(), new AccessFlags());
        var command = new Command(name, description) { hostname, url, destination, ca };
        flags.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var host = Flags.Read(parsed, hostname, shell);
            if (host is null || !Uri.TryCreate($"wss://{host}/", UriKind.Absolute, out var address) || address.PathAndQuery != "/" || address.UserInfo.Length > 0)
            {
                faults.Add($"--hostname is '{LogText.Escape(host ?? "")}'; expected a name such as ssh.example.com");
                address = new Uri("wss://localhost/");
            }

            var headers = flags.Read(parsed, shell, address.Authority, faults);
            if (Flags.Read(parsed, destination, shell) is { } bastion)
            {
                headers["Cf-Access-Jump-Destination"] = bastion;
            }

            var listen = ListenOf(Flags.Read(parsed, url, shell), faults);
            var authorities = Authorities(Flags.Read(parsed, ca, shell), shell, faults, out _);
            return faults.Count > 0
                ? shell.Misused(faults, "access " + name)
                : await new AccessStream(address, headers, authorities, shell).RunAsync(listen, cancellationToken);
        });
        return command;
    }

    private static Argument<string> App() => new("app") { Description = "URL of the application" };

    private static Option<string?> Ca() =>
        Flags.Text("--ca", "FILE", $"CA to trust beside the system's, PEM. Default: ./{Flags.DefaultData}/ca.pem if it is there and only its owner can write it");

    private static X509Certificate2Collection? Authorities(string? named, Shell shell, List<string> faults, out string? file)
    {
        file = LocalCa.FileOf(named, Flags.DefaultData, shell.Error);
        return LocalCa.Read(file, faults);
    }

    private static IPEndPoint? ListenOf(string? text, List<string> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (!UpOptions.TryParseAnyEndPoint(text, out var endPoint))
        {
            faults.Add($"--url is '{LogText.Escape(text)}'; expected an IP address and a port, such as 127.0.0.1:2222");
        }

        return endPoint;
    }
}
