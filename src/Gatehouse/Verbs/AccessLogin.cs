using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary>Gets a person's token for an app: they say yes in their browser, and the answer comes to a port of this machine, or over their clipboard.</summary>
internal sealed class AccessLogin(Uri app, X509Certificate2Collection? authorities, Shell shell)
{
    private const int LongestRequest = 16 * 1024;

    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    /// <summary>Runs until there is a token; the result is the exit code.</summary>
    public async Task<int> RunAsync(bool withoutBrowser, CancellationToken cancellationToken)
    {
        using var client = TrustingClient.Create(authorities, LongestCall);
        using var late = new CancellationTokenSource(LongestWait, shell.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            if (await FindServerAsync(client, either.Token) is not { } server)
            {
                return shell.Fail($"failed to find Access application at {app}");
            }

            var proof = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            var (code, redirect) = withoutBrowser ? (await AskToPasteAsync(proof, either.Token), "") : await ListenAsync(server, proof, either.Token);
            return code is null ? shell.Fail("nothing was granted") : await RedeemAsync(client, server, code, redirect, proof, either.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or SocketException or JsonException or UnauthorizedAccessException)
        {
            return shell.Fail($"{app.Authority} can't be asked: {LogText.Escape(fault.GetBaseException().Message)}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return shell.Fail("nobody answered in time");
        }
    }

    // Where the app sends people to sign in. It says so itself, over a connection that was verified.
    private async Task<Uri?> FindServerAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync(new Uri(app, "/.well-known/cloudflare-access-protected-resource" + app.AbsolutePath.TrimEnd('/')), cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK || answer.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return null;
        }

        using var facts = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        return facts.RootElement.TryGetProperty("authorization_servers", out var servers) && servers.ValueKind == JsonValueKind.Array && servers.GetArrayLength() > 0
            && Uri.TryCreate(servers[0].GetString(), UriKind.Absolute, out var server) && server.Scheme == Uri.UriSchemeHttps
            ? server
            : null;
    }

    private Uri Question(string proof, string more) => new(
        app,
        $"/cdn-cgi/access/cli?redirect_url={Uri.EscapeDataString(app.AbsolutePath)}&code_challenge={Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(proof)))}{more}");

    private async Task<string?> AskToPasteAsync(string proof, CancellationToken cancellationToken)
    {
        await shell.Error.WriteLineAsync($"Open this address in a browser:\n\n{Question(proof, "")}\n\nand paste the code that it shows here:");
        return (await Console.In.ReadLineAsync(cancellationToken))?.Trim() is { Length: > 0 } code ? code : null;
    }

    private async Task<(string? Code, string Redirect)> ListenAsync(Uri server, string proof, CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var redirect = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";
        var state = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        var question = Question(proof, $"&redirect_uri={Uri.EscapeDataString(redirect)}&state={state}");
        await shell.Error.WriteLineAsync($"A browser opens to sign you in. If none does, open this address:\n\n{question}\n");
        OpenBrowser(question);
        for (; ; )
        {
            using var caller = await listener.AcceptTcpClientAsync(cancellationToken);
            await using var stream = caller.GetStream();
            var query = await ReadQueryAsync(stream, cancellationToken);
            if (query.GetValueOrDefault("state") != state)
            {
                await AnswerAsync(stream, "404 Not Found", "Nothing is here.", cancellationToken); // browsers ask for icons, others for anything
                continue;
            }

            // Another server's code, which an app sent the browser to, is not for this one (RFC 9207).
            var code = query.GetValueOrDefault("iss") == server.OriginalString ? query.GetValueOrDefault("code") : null;
            await AnswerAsync(stream, "200 OK", code is null ? "Nothing was granted. You can close this window." : "Done. You can close this window.", cancellationToken);
            return (code, redirect);
        }
    }

    private static async Task<Dictionary<string, string>> ReadQueryAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var bytes = new byte[LongestRequest];
        var length = 0;
        for (int read; length < bytes.Length && (read = await stream.ReadAsync(bytes.AsMemory(length), cancellationToken)) > 0;)
        {
            length += read;
            if (bytes.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
            {
                break;
            }
        }

        var parts = Encoding.ASCII.GetString(bytes, 0, length).Split("\r\n")[0].Split(' ');
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (parts is ["GET", var target, _] && target.StartsWith("/?", StringComparison.Ordinal))
        {
            foreach (var pair in target[2..].Split('&').Select(p => p.Split('=', 2)).Where(p => p.Length == 2))
            {
                found.TryAdd(pair[0], Uri.UnescapeDataString(pair[1]));
            }
        }

        return found;
    }

    private static async Task AnswerAsync(NetworkStream stream, string status, string text, CancellationToken cancellationToken)
    {
        var body = $"<!DOCTYPE html><meta charset=\"utf-8\"><title>Gatehouse</title><p>{text}</p>\n";
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes(
                $"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {body.Length}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{body}"),
            cancellationToken);
    }

    private static void OpenBrowser(Uri url)
    {
        try
        {
            using var opened = Process.Start(new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [url.AbsoluteUri]) { RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is none: the address has been printed.
        }
    }

    private async Task<int> RedeemAsync(HttpClient client, Uri server, string code, string redirect, string proof, CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = "gatehouse-cli",
            ["code"] = code,
            ["redirect_uri"] = redirect,
            ["code_verifier"] = proof,
        });
        using var answer = await client.PostAsync(new Uri(server, "/cdn-cgi/access/oauth/token"), form, cancellationToken);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        if (!body.RootElement.TryGetProperty("access_token", out var found) || found.GetString() is not { } token)
        {
            return shell.Fail("the code was not taken: " + LogText.Escape(body.RootElement.TryGetProperty("error_description", out var why) ? why.GetString() ?? "" : "no reason was given"));
        }

        // An app can send the browser on to another one: what was granted there is not to be sent here.
        if (!body.RootElement.TryGetProperty("resource", out var resource) || !Uri.TryCreate(resource.GetString(), UriKind.Absolute, out var of) || of.Authority != app.Authority)
        {
            return shell.Fail($"what was granted is not for {app.Authority}");
        }

        var file = AccessTokenFiles.Keep(shell, app.Authority, token);
        await shell.Error.WriteLineAsync($"Signed in to {app.Authority} until {AccessTokenFiles.EndOf(token):u}. The token is in {file}");
        return ExitCode.Done;
    }
}
