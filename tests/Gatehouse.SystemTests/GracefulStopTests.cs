using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Gatehouse.SystemTests;

/// <summary>SIGTERM while people use it.</summary>
public sealed class GracefulStopTests : IDisposable
{
    private const string Key = "a-bootstrap-token-of-some-length-0123456789";
    private const int Refusals = 40;

    private readonly TcpListener origin = new(IPAddress.Loopback, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task R23_an_open_websocket_is_closed_with_1001_and_the_process_ends_soon_with_its_rows_written()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync(new Dictionary<string, string>
        {
            ["GATEHOUSE_BOOTSTRAP_EMAIL"] = "admin@other.test",
            ["GATEHOUSE_BOOTSTRAP_PASSWORD"] = "a bootstrap password",
            ["GATEHOUSE_BOOTSTRAP_TOKEN"] = Key,
        });
        using var client = gatehouse.Client();
        await PublishAsync(gatehouse, client);
        var serving = EchoAsync();
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri(gatehouse.Url("ws").Replace("https", "wss", StringComparison.Ordinal) + "/"), client, Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Token);
        for (var n = 0; n < Refusals; n++) // published, but no application covers it
        {
            using var refused = await client.GetAsync(new Uri(gatehouse.Url("bare") + "/" + n.ToString(CultureInfo.InvariantCulture)), Token);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        var watch = Stopwatch.StartNew();
        var ending = gatehouse.TerminateAsync();
        var end = await socket.ReceiveAsync(new byte[100].AsMemory(), Token);

        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.EndpointUnavailable), (end.MessageType, socket.CloseStatus));
        Assert.Equal(0, await ending);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 15);
        Assert.Equal(Refusals, Rows(gatehouse));
        await serving;
    }

    /// <inheritdoc/>
    public void Dispose() => origin.Dispose();

    private async Task PublishAsync(GatehouseProcess gatehouse, HttpClient client)
    {
        origin.Start();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var accounts = await client.GetFromJsonAsync<JsonElement>(new Uri(gatehouse.Url("api") + "/client/v4/accounts"), Token);
        var account = gatehouse.Url("api") + "/client/v4/accounts/" + accounts.GetProperty("result")[0].GetProperty("id").GetString();
        foreach (var name in new[] { "ws.localhost", "bare.localhost" })
        {
            using var hostname = await client.PostAsJsonAsync(new Uri(account + "/public_hostnames"), new { hostname = name, service = $"http://{origin.LocalEndpoint}" }, Token);
            Assert.Equal(HttpStatusCode.Created, hostname.StatusCode);
        }

        using var app = await client.PostAsJsonAsync(
            new Uri(account + "/access/apps"),
            new { type = "self_hosted", name = "ws", domain = "ws.localhost", policies = new[] { new { name = "all", decision = "bypass", precedence = 1, include = new[] { new { everyone = new { } } } } } },
            Token);
        Assert.Equal(HttpStatusCode.Created, app.StatusCode);
        client.DefaultRequestHeaders.Authorization = null;
    }

    // Accepts a WebSocket and says nothing; ends when its peer does.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 §4.2.2 says SHA-1.")]
    private async Task EchoAsync()
    {
        using var accepted = await origin.AcceptTcpClientAsync(Token);
        await using var stream = accepted.GetStream();
        var head = new StringBuilder();
        var piece = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append(Encoding.ASCII.GetString(piece, 0, await stream.ReadAsync(piece, Token)));
        }

        var key = head.ToString().Split("Sec-WebSocket-Key: ", 2, StringSplitOptions.None)[1].Split('\r')[0];
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), Token);
        try
        {
            while (await stream.ReadAsync(piece, Token) > 0)
            {
                // Silent.
            }
        }
        catch (IOException)
        {
            // Reset: an end too.
        }
    }

    private static long Rows(GatehouseProcess gatehouse)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(gatehouse.Data, "gatehouse.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM decisions WHERE host LIKE 'bare.%'";
        return (long)(command.ExecuteScalar() ?? 0L);
    }
}
