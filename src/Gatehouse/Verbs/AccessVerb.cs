using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Hosting;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse access</c>: the client side of what tunnels publish.</summary>
internal static class AccessVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("access", "Reach private services that are published through Gatehouse.")
    {
        Stream("tcp", "Forward a local port, or standard input and output, to a TCP service behind a hostname.", shell),
        Stream("ssh", "The same, for ssh's ProxyCommand: gatehouse access ssh --hostname %h", shell),
    };

    private static Command Stream(string name, string description, Shell shell)
    {
        var hostname = Flags.Text("--hostname", "HOST[:PORT]", "The public name of the service");
        var url = Flags.Text("--url", "ADDR:PORT", "Where to listen; without it standard input and output are one connection");
        var destination = Flags.Text("--destination", "HOST:PORT", "Where a bastion shall lead to");
        var token = Flags.Text("--access-token", "JWT", "An Access token for the hostname. Prefer the variable: a flag shows in the process list");
        var ca = Flags.Text("--ca", "FILE", $"CA to trust beside the system's, PEM. Default: ./{Flags.DefaultData}/ca.pem if it is there");
        var command = new Command(name, description) { hostname, url, destination, token, ca };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var host = Flags.Read(parsed, hostname, shell);
            if (host is null || !Uri.TryCreate($"wss://{host}/", UriKind.Absolute, out var address) || address.PathAndQuery != "/" || address.UserInfo.Length > 0)
            {
                faults.Add($"--hostname is '{LogText.Escape(host ?? "")}'; expected a name such as ssh.example.com");
                address = new Uri("wss://localhost/");
            }

            var headers = new Dictionary<string, string>();
            Add(headers, "Cf-Access-Token", Flags.Read(parsed, token, shell));
            Add(headers, "Cf-Access-Jump-Destination", Flags.Read(parsed, destination, shell));
            var listen = ListenOf(Flags.Read(parsed, url, shell), faults);
            var authorities = AuthoritiesOf(Flags.Read(parsed, ca, shell), faults);
            return faults.Count > 0
                ? shell.Misused(faults, "access " + name)
                : await new AccessStream(address, headers, authorities, shell).RunAsync(listen, cancellationToken);
        });
        return command;
    }

    private static void Add(Dictionary<string, string> headers, string name, string? value)
    {
        if (value is not null)
        {
            headers[name] = value;
        }
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

    private static X509Certificate2Collection? AuthoritiesOf(string? file, List<string> faults)
    {
        var found = file ?? (Path.Combine(Flags.DefaultData, "ca.pem") is var local && File.Exists(local) ? local : null);
        if (found is null)
        {
            return null;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(found);
            return authorities;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            faults.Add($"'{LogText.Escape(found)}' can't be read as certificates: {LogText.Escape(fault.Message)}");
            return null;
        }
    }
}
