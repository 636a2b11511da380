using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.SystemTests;

/// <summary>A person's browser: keeps cookies, follows redirects, and fills in the sign-in flow through its JSON.</summary>
internal sealed class Browser(GatehouseProcess gatehouse) : IDisposable
{
    private const int MostHops = 20;

    private readonly CookieContainer cookies = new();
    private HttpClient client = gatehouse.Client();

    /// <summary>Every cookie's value, for looking whether one turned up where it should not.</summary>
    public IEnumerable<string> CookieValues => cookies.GetAllCookies().Select(c => c.Value);

    /// <summary>Connects anew, as after a restart; cookies stay.</summary>
    public void Reconnect()
    {
        client.Dispose();
        client = gatehouse.Client();
    }

    /// <summary>One request; nothing is followed.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri url, object? json = null, string accept = "text/html", string? agent = null)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.ParseAdd(accept);
        if (agent is not null)
        {
            request.Headers.TryAddWithoutValidation("User-Agent", agent);
        }

        if (cookies.GetCookieHeader(url) is { Length: > 0 } header)
        {
            request.Headers.TryAddWithoutValidation("Cookie", header);
        }

        request.Content = json is null ? null : JsonContent.Create(json);
        var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        foreach (var set in answer.Headers.TryGetValues("Set-Cookie", out var values) ? values : [])
        {
            cookies.SetCookies(url, set);
        }

        return answer;
    }

    /// <summary>Opens <paramref name="url"/> and follows to the end, signing in on the way where a flow asks.</summary>
    public async Task<HttpResponseMessage> OpenAsync(Uri url, string user, string password, string accept = "text/html")
    {
        for (var hop = 0; hop < MostHops; hop++)
        {
            if (url.AbsolutePath.StartsWith("/if/flow/", StringComparison.Ordinal))
            {
                url = await SignInAsync(url, user, password);
                continue;
            }

            var answer = await SendAsync(HttpMethod.Get, url, accept: accept);
            if (answer.StatusCode is not (HttpStatusCode.Found or HttpStatusCode.SeeOther) || answer.Headers.Location is not { } next)
            {
                return answer;
            }

            url = new Uri(url, next);
            answer.Dispose();
        }

        throw new InvalidOperationException($"over {MostHops} redirects, the last to {url}");
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // The flow's page does the same: each challenge names its component, the answer names it again.
    private async Task<Uri> SignInAsync(Uri page, string user, string password)
    {
        var executor = new Uri(page, page.AbsolutePath.Replace("/if/flow/", "/api/v3/flows/executor/", StringComparison.Ordinal) + "?query=" + Uri.EscapeDataString(page.Query.TrimStart('?')));
        var challenge = await ChallengeAsync(await SendAsync(HttpMethod.Get, executor, accept: "application/json"), executor);
        for (var stage = 0; stage < MostHops; stage++)
        {
            var component = challenge["component"]!.GetValue<string>(); // every challenge has one
            object filled = component switch
            {
                "ak-stage-identification" => new { component, uid_field = user },
                "ak-stage-password" => new { component, password },
                "ak-stage-consent" => new { component, token = challenge["token"]?.GetValue<string>() },
                "xak-flow-redirect" => new Uri(page, challenge["to"]!.GetValue<string>()),
                _ => throw new InvalidOperationException($"the flow ended with {challenge.ToJsonString()}"),
            };
            if (filled is Uri end)
            {
                return end;
            }

            challenge = await ChallengeAsync(await SendAsync(HttpMethod.Post, executor, filled, "application/json"), executor);
        }

        throw new InvalidOperationException("the flow does not end");
    }

    private async Task<JsonObject> ChallengeAsync(HttpResponseMessage answer, Uri executor)
    {
        using (answer)
        {
            if (answer.StatusCode == HttpStatusCode.Found && answer.Headers.Location is { } next)
            {
                return await ChallengeAsync(await SendAsync(HttpMethod.Get, new Uri(executor, next), accept: "application/json"), executor);
            }

            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var challenge = JsonSerializer.Deserialize<JsonObject>(text) ?? throw new InvalidOperationException($"{answer.StatusCode}: {text}");
            return challenge.ContainsKey("response_errors") ? throw new InvalidOperationException($"refused: {text}") : challenge;
        }
    }
}
