using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Gatehouse.SystemTests;

/// <summary>The real binary as a process of its own, on a free port, with a data folder that goes when it is disposed.</summary>
internal sealed class GatehouseProcess : IAsyncDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(45);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-system-");
    private readonly StringBuilder log = new(); // guarded by itself
    private Process? process;

    private GatehouseProcess(string[] flags, IReadOnlyDictionary<string, string> variables)
    {
        Flags = flags;
        Variables = variables;
        Port = FreePort();
    }

    /// <summary>The data folder.</summary>
    public string Data => Path.Combine(folder.FullName, "data");

    /// <summary>Where it listens on loopback.</summary>
    public int Port { get; }

    /// <summary>The line it printed when it was ready.</summary>
    public JsonElement Ready { get; private set; }

    /// <summary>All lines on standard output since the last start.</summary>
    public List<string> Output { get; } = [];

    /// <summary>From the start of the process to the line.</summary>
    public TimeSpan TookToBeReady { get; private set; }

    /// <summary>The process id.</summary>
    public int Pid => Running.Id;

    /// <summary>Memory it holds.</summary>
    public long ResidentBytes()
    {
        Running.Refresh();
        return Running.WorkingSet64;
    }

    /// <summary>What it logged since it was made.</summary>
    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    private string[] Flags { get; }

    private IReadOnlyDictionary<string, string> Variables { get; }

    private Process Running => process ?? throw new InvalidOperationException("not started");

    /// <summary>Path of the binary: <c>GATEHOUSE_BINARY</c>, else the one built beside these tests.</summary>
    public static string Binary { get; } =
        Environment.GetEnvironmentVariable("GATEHOUSE_BINARY") is { Length: > 0 } given ? given : Path.Combine(AppContext.BaseDirectory, "gatehouse");

    /// <summary>Starts one and waits until it is ready.</summary>
    public static Task<GatehouseProcess> StartAsync(params string[] flags) => StartAsync(new Dictionary<string, string>(), flags);

    /// <summary>Starts one with environment variables and waits until it is ready.</summary>
    public static async Task<GatehouseProcess> StartAsync(IReadOnlyDictionary<string, string> variables, params string[] flags)
    {
        var made = new GatehouseProcess(flags, variables);
        try
        {
            await made.StartAgainAsync();
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it on the same data and port.</summary>
    public async Task StartAgainAsync()
    {
        var watch = Stopwatch.StartNew();
        Output.Clear();
        process = Command.Start(["up", "--data", Data, "--listen", $"127.0.0.1:{Port}", "--edge", "127.0.0.1:0", "--json", .. Flags], Variables);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (log)
            {
                log.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(LongestStart);
        var first = await process.StandardOutput.ReadLineAsync(limit.Token);
        TookToBeReady = watch.Elapsed;
        if (first is null)
        {
            await process.WaitForExitAsync(limit.Token);
            throw new InvalidOperationException($"it ended with {process.ExitCode} before it was ready:\n{Log}");
        }

        Output.Add(first);
        using var parsed = JsonDocument.Parse(first);
        Ready = parsed.RootElement.Clone();
    }

    /// <summary>SIGTERM, then what is left of its output; the result is the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await Command.SignalAsync("TERM", Pid);
        return await ExitCodeAsync();
    }

    /// <summary>Waits for its end; the result is the exit code.</summary>
    public async Task<int> ExitCodeAsync()
    {
        using var limit = new CancellationTokenSource(LongestStop);
        while (await Running.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            Output.Add(line);
        }

        await Running.WaitForExitAsync(limit.Token);
        return Running.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Running.Kill(entireProcessTree: false);
        await Running.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>The URL of a host of this installation: <c>auth</c> gives <c>https://auth.localhost:port</c>.</summary>
    public string Url(string label) => string.Create(CultureInfo.InvariantCulture, $"https://{label}.localhost:{Port}");

    /// <summary>The certificate of its CA.</summary>
    public X509Certificate2 Authority() => X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Data, "ca.pem"));

    /// <summary>A client that reaches <c>*.localhost</c> on loopback, trusts this CA and nothing else, keeps no cookies and follows nothing.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns the handler.")]
    public HttpClient Client()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Authority());
        handler.SslOptions.CertificateChainPolicy = policy;
        var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        return client;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            await KillAsync();
        }

        process?.Dispose();
        folder.Delete(recursive: true);
    }

    /// <summary>A port that is free now. Taken from below the range the kernel hands out by itself, so no client socket gets it meanwhile.</summary>
    public static int FreePort()
    {
        for (var port = 20000 + (Environment.ProcessId % 5000); ; port++)
        {
            if (Reserved.TryAdd(port, true) && IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static System.Collections.Concurrent.ConcurrentDictionary<int, bool> Reserved { get; } = new();
}
