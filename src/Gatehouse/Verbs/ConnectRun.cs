using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Hosting;
using Gatehouse.Logging;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Connector;

namespace Gatehouse.Verbs;

/// <summary>The life of <c>connect</c>: credentials, connections, ready, until told to stop.</summary>
internal sealed class ConnectRun(ConnectRequest asked, LogSettings logs, bool asJson, Shell shell)
{
    private static readonly TimeSpan LongestQuick = TimeSpan.FromSeconds(15);

    /// <summary>Runs until told to stop; the result is the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var pages = new PageKeeper(shell.Clock);
        pages.Look();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var loggers = LoggerFactory.Create(logging => logs.Apply(logging, shell));
        var (credentials, url) = (asked.Credentials, (Uri?)null);
        if (credentials is null)
        {
            var quick = await AskForNameAsync(stop.Token);
            if (quick.Fault is not null || quick.Credentials is null)
            {
                return shell.Fail(quick.Fault ?? "there is no tunnel to connect");
            }

            (credentials, url) = (quick.Credentials, quick.Url);
        }

        _ = pages.LetGo(); // what only the runtime's start needed
        await pages.StartAsync(stop.Token);
        ConnectorHost host;
        try
        {
            host = await ConnectorHost.StartAsync(OptionsOf(credentials), loggers, shell.Clock, stop.Token);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException)
        {
            return shell.Fail("can't start: " + LogText.Escape(fault.Message));
        }

        using var keeper = new MemoryKeeper(shell.Clock);
        await keeper.StartAsync(stop.Token);
        await using (host)
        {
            await ServeAsync(host, url, stop.Token);
            await host.StopAsync();
        }

        await keeper.StopAsync(CancellationToken.None);
        await pages.StopAsync(CancellationToken.None);
        return ExitCode.Done;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true; // requests under way finish first
        stop.CancelAfter(TimeSpan.Zero);
    }

    private async Task ServeAsync(ConnectorHost host, Uri? url, CancellationToken stopping)
    {
        try
        {
            await host.Connected.WaitAsync(stopping);
            if (asJson)
            {
                await shell.Output.WriteLineAsync(new JsonObject
                {
                    ["ready"] = true,
                    ["pid"] = Environment.ProcessId,
                    ["connector"] = host.Id.ToString(),
                    ["metrics"] = host.Metrics?.ToString(),
                    ["hostname"] = url?.Host,
                    ["url"] = url is null ? null : AddressOf(url),
                }.ToJsonString());
            }
            else
            {
                await shell.Output.WriteLineAsync(url is null ? "Connected. Ctrl+C stops it." : $"Connected: {AddressOf(url)} leads to {asked.Url}. Ctrl+C stops it.");
            }

            await shell.Output.FlushAsync(stopping);
            await Task.Delay(Timeout.InfiniteTimeSpan, shell.Clock, stopping);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private ConnectorOptions OptionsOf(TunnelCredentials credentials) => new()
    {
        Credentials = credentials,
        Edges = asked.Edges,
        EdgeAuthorities = asked.Authorities,
        Metrics = asked.Metrics,
        AllowedOrigins = asked.AllowedOrigins,
        LocalConfiguration = asked.Configuration
            ?? (asked.Url is null ? null : new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["service"] = asked.Url.TrimEnd('/') }) }.ToJsonString()),
        Version = "gatehouse/" + VersionVerb.Current,
    };

    // Others who give out names say the hostname alone.
    private static Uri? UrlOf(JsonObject result) =>
        Uri.TryCreate((string?)result["url"] ?? "https://" + (string?)result["hostname"], UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps ? url : null;

    private static string AddressOf(Uri url) => LogText.Escape(url.GetLeftPart(UriPartial.Authority));

    private async Task<(TunnelCredentials? Credentials, Uri? Url, string? Fault)> AskForNameAsync(CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(asked.QuickService.TrimEnd('/') + "/tunnel", UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http"))
        {
            return (null, null, $"--quick-service is '{LogText.Escape(asked.QuickService)}'; expected a URL such as https://api.example.com");
        }

        try
        {
            using var client = TrustingClient.Create(asked.Authorities, LongestQuick);
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            if (asked.ApiToken is not null)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", asked.ApiToken);
            }

            using var response = await client.SendAsync(request, cancellationToken);
            var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            return body?["result"] is JsonObject result && Guid.TryParse((string?)result["id"], out var id)
                ? (new TunnelCredentials { AccountTag = (string?)result["account_tag"] ?? "", TunnelId = id, Secret = Convert.FromBase64String((string?)result["secret"] ?? "") }, UrlOf(result), null)
                : (null, null, $"{address.Host} gave out no name: {LogText.Escape((string?)body?["errors"]?[0]?["message"] ?? $"status {(int)response.StatusCode}")}");
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or FormatException or InvalidOperationException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (null, null, $"{address} can't be asked for a name: {LogText.Escape(fault.GetBaseException().Message)}");
        }
    }
}
