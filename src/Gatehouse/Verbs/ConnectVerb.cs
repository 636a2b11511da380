using System.CommandLine;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Hosting;
using Gatehouse.Logging;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse connect</c>: publishes services of this machine's network through an edge, without an open port.</summary>
internal static class ConnectVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var token = Flags.Text("--token", "TOKEN", "Token of the tunnel. Prefer the variable or --token-file: a flag shows in the process list");
        var tokenFile = Flags.Text("--token-file", "FILE", "File that holds the token");
        var credentials = Flags.Text("--credentials", "FILE", "Credentials file of the tunnel, instead of a token");
        var url = Flags.Text("--url", "URL", "One service to publish, such as http://localhost:8080; without credentials under a random name");
        var quick = Flags.Text("--quick-service", "URL", "Who gives out random names. Default: https://api.localhost:8443");
        var apiToken = Flags.Text("--api-token", "TOKEN", "API token for --quick-service. Prefer the variable");
        var config = Flags.Text("--config", "FILE", "Rules of its own, JSON with ingress and originRequest; otherwise the edge sends them");
        var edge = Flags.Text("--edge", "ADDR:PORT", "Where the edge is; several with commas. Default: 127.0.0.1:7844");
        var ca = Flags.Text("--ca", "FILE", $"CA that issued the edge's certificate, PEM. Default: ./{Flags.DefaultData}/ca.pem if it is there, else the system's");
        var metrics = Flags.Text("--metrics", "ADDR:PORT", "Where to answer /ready and /metrics; port 0 takes any that is free. Default: nowhere");
        var allowed = Flags.Text("--allow-origins", "CIDR,...", "The only addresses that rules may lead to. Default: all but link-local ones");
        var json = Flags.Json();
        var command = new Command("connect", "Publish services through a tunnel.") { token, tokenFile, credentials, url, quick, apiToken, config, edge, ca, metrics, allowed, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var asJson = Flags.Read(parsed, json, shell, faults);
            var logs = LogSettings.Read(shell, asJson, faults);
            var asked = new ConnectRequest
            {
                Token = Flags.Read(parsed, token, shell) ?? FileText(Flags.Read(parsed, tokenFile, shell), faults)?.Trim() ?? TunnelToken(shell),
                CredentialsFile = Flags.Read(parsed, credentials, shell),
                Url = Flags.Read(parsed, url, shell),
                QuickService = Flags.Read(parsed, quick, shell) ?? "https://api.localhost:8443",
                ApiToken = Flags.Read(parsed, apiToken, shell),
                Configuration = FileText(Flags.Read(parsed, config, shell), faults),
                Edges = (Flags.Read(parsed, edge, shell) ?? "127.0.0.1:7844").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                Authorities = LocalCa.Read(LocalCa.FileOf(Flags.Read(parsed, ca, shell), Flags.DefaultData, shell.Error), faults),
                Metrics = MetricsOf(Flags.Read(parsed, metrics, shell), faults),
                AllowedOrigins = NetworksOf(Flags.Read(parsed, allowed, shell), faults),
            };
            asked.Check(faults);
            if (parsed.GetValue(token) is not null || parsed.GetValue(apiToken) is not null)
            {
                await shell.Error.WriteLineAsync("warning: a token that is given as a flag shows in the process list; prefer the variable, or --token-file");
            }

            return faults.Count > 0 ? shell.Misused(faults, "connect") : await new ConnectRun(asked, logs, asJson, shell).RunAsync(cancellationToken);
        });
        return command;
    }

    // Set-ups made for the stock connector name it so.
    private static string? TunnelToken(Shell shell) => shell.Variable("TUNNEL_TOKEN") is { Length: > 0 } token ? token : null;

    private static string? FileText(string? file, List<string> faults)
    {
        try
        {
            return file is null ? null : File.ReadAllText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Add($"'{LogText.Escape(file ?? "")}' can't be read: {LogText.Escape(fault.Message)}");
            return null;
        }
    }

    private static IPEndPoint? MetricsOf(string? text, List<string> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (!UpOptions.TryParseAnyEndPoint(text, out var endPoint))
        {
            faults.Add($"--metrics is '{LogText.Escape(text)}'; expected an IP address and a port, such as 127.0.0.1:20241");
        }

        return endPoint;
    }

    private static List<IPNetwork>? NetworksOf(string? text, List<string> faults)
    {
        if (text is null)
        {
            return null;
        }

        var networks = new List<IPNetwork>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPNetwork.TryParse(part, out var network))
            {
                networks.Add(network);
            }
            else
            {
                faults.Add($"--allow-origins holds '{LogText.Escape(part)}'; expected networks such as 10.0.0.0/8,::1/128");
            }
        }

        return networks;
    }
}

/// <summary>What <c>connect</c> was told. A class: it holds secrets.</summary>
internal sealed class ConnectRequest
{
    public string? Token { get; init; }

    public string? CredentialsFile { get; init; }

    public string? Url { get; init; }

    public required string QuickService { get; init; }

    public string? ApiToken { get; init; }

    public string? Configuration { get; init; }

    public required IReadOnlyList<string> Edges { get; init; }

    public X509Certificate2Collection? Authorities { get; init; }

    public IPEndPoint? Metrics { get; init; }

    public IReadOnlyList<IPNetwork>? AllowedOrigins { get; init; }

    /// <summary>The credentials given; null means a quick tunnel.</summary>
    public TunnelCredentials? Credentials { get; private set; }

    /// <summary>Reads what was given into credentials; what is wrong goes to <paramref name="faults"/>, without repeating a secret.</summary>
    public void Check(List<string> faults)
    {
        if (Token is not null && CredentialsFile is not null)
        {
            faults.Add("--token and --credentials name a tunnel each; give one");
        }
        else if (Token is not null)
        {
            Credentials = TunnelCredentials.FromToken(Token);
            if (Credentials is null)
            {
                faults.Add("the token can't be read; expected what the dashboard or GET .../cfd_tunnel/ID/token gives, whole");
            }
        }
        else if (CredentialsFile is not null)
        {
            ReadFile(CredentialsFile, faults);
        }
        else if (Url is null)
        {
            faults.Add("there is no tunnel to connect; give --token-file, --credentials, the variable GATEHOUSE_TOKEN, or --url for a quick tunnel");
        }

        if (Edges.Count == 0)
        {
            faults.Add("--edge is empty; expected ADDR:PORT");
        }

        if (Url is not null && Configuration is not null)
        {
            faults.Add("--url and --config both say what to publish; give one");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => "***";

    private void ReadFile(string file, List<string> faults)
    {
        try
        {
            Credentials = TunnelCredentials.FromFile(File.ReadAllBytes(file));
            if (Credentials is null)
            {
                faults.Add($"'{LogText.Escape(file)}' is no credentials file; expected AccountTag, TunnelSecret and TunnelID");
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Add($"'{LogText.Escape(file)}' can't be read: {LogText.Escape(fault.Message)}");
        }
    }
}
