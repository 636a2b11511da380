using System.CommandLine;
using System.Net;
using Gatehouse.Hosting;
using Gatehouse.Logging;
using Gatehouse.Mails;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse up</c>: everything, in this process.</summary>
internal static class UpVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var data = Flags.Data();
        var domain = Flags.Text("--domain", "NAME", "Base domain; the hosts are auth., access., api. and dash. under it. Default: localhost");
        var listen = Flags.Text("--listen", "ADDR:PORT", "Where to listen; the port is part of every URL. Default: 127.0.0.1:8443");
        var edge = Flags.Text("--edge", "ADDR:PORT", "Where tunnel connectors dial in; port 0 takes any that is free. Default: 127.0.0.1:7844");
        var quick = Flags.Switch("--quick-tunnels", "Let connectors publish under random names without a token; for networks where everybody may");
        var database = Flags.Database();
        var certificate = Flags.Text("--tls-cert", "FILE", "Certificate to use instead of the local CA's, PEM, with its chain; read again when it changes");
        var key = Flags.Text("--tls-key", "FILE", "Its private key, PEM");
        var geoip = Flags.Text("--geoip", "FILE", "Database of places for GeoIP policies, MaxMind .mmdb");
        var asn = Flags.Text("--asn", "FILE", "Database of networks (ASN) for GeoIP policies, MaxMind .mmdb");
        var mail = new MailFlags();
        var demo = Flags.Switch("--demo", "Add an app to try: whoami.<domain>, with a user ada");
        var json = Flags.Switch("--json", "When ready, write one line of JSON to standard output, and logs as JSON to standard error");
        var webhooks = Flags.Switch("--allow-local-webhooks", "Let webhooks of Identity's notifications reach this machine");
        var command = new Command("up", "Start Gatehouse.") { data, domain, listen, edge, quick, database, certificate, key, geoip, asn, demo, json, webhooks };
        mail.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var faults = new List<string>();
            var asJson = Flags.Read(parsed, json, shell, faults);
            var logs = LogSettings.Read(shell, asJson, faults);
            var options = new UpOptions
            {
                Data = Path.GetFullPath(Flags.Read(parsed, data, shell) ?? Flags.DefaultData),
                Domain = DomainOf(Flags.Read(parsed, domain, shell) ?? "localhost", faults),
                Listen = EndPointOf(Flags.Read(parsed, listen, shell) ?? "127.0.0.1:8443", faults),
                Edge = EdgeOf(Flags.Read(parsed, edge, shell) ?? "127.0.0.1:7844", faults),
                QuickTunnels = Flags.Read(parsed, quick, shell, faults),
                Database = Flags.DatabaseOf(Flags.Read(parsed, database, shell), faults),
                Tls = TlsOf(Flags.Read(parsed, certificate, shell), Flags.Read(parsed, key, shell), faults),
                Places = PlacesOf(Flags.Read(parsed, geoip, shell), faults),
                Networks = PlacesOf(Flags.Read(parsed, asn, shell), faults),
                Mail = mail.Read(parsed, shell, faults),
                Demo = Flags.Read(parsed, demo, shell, faults),
                Json = asJson,
                AllowLocalWebhooks = Flags.Read(parsed, webhooks, shell, faults),
            };
            return faults.Count > 0
                ? shell.Misused(faults, "up")
                : await new UpRun(options, logs, BootstrapVariables.Read(shell.Variable), shell).RunAsync();
        });
        return command;
    }

    private static string? PlacesOf(string? file, List<string> faults)
    {
        if (file is not null && !File.Exists(file))
        {
            faults.Add($"there is no file '{LogText.Escape(file)}'; expected a MaxMind .mmdb database");
        }

        return file is null ? null : Path.GetFullPath(file);
    }

    private static string DomainOf(string text, List<string> faults)
    {
        if (!UpOptions.TryParseDomain(text, out var domain))
        {
            faults.Add($"--domain is '{LogText.Escape(text)}'; expected a domain name such as localhost or example.com");
        }

        return domain;
    }

    private static IPEndPoint EndPointOf(string text, List<string> faults)
    {
        if (!UpOptions.TryParseEndPoint(text, out var endPoint))
        {
            faults.Add($"--listen is '{LogText.Escape(text)}'; expected an IP address and a port from 1 to 65535, such as 127.0.0.1:8443 or [::]:443");
        }

        return endPoint;
    }

    private static IPEndPoint EdgeOf(string text, List<string> faults)
    {
        if (!UpOptions.TryParseAnyEndPoint(text, out var endPoint))
        {
            faults.Add($"--edge is '{LogText.Escape(text)}'; expected an IP address and a port from 0 to 65535, such as 127.0.0.1:7844 or [::]:7844");
        }

        return endPoint;
    }

    private static (string, string)? TlsOf(string? certificate, string? key, List<string> faults)
    {
        if (certificate is null && key is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            faults.Add("--tls-cert and --tls-key need each other; give both or neither");
            return null;
        }

        foreach (var missing in new[] { certificate, key }.Where(f => !File.Exists(f)))
        {
            faults.Add($"there is no file '{LogText.Escape(missing)}'; expected a PEM file");
        }

        return (Path.GetFullPath(certificate), Path.GetFullPath(key));
    }
}
