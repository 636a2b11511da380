using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Keeps cookies and follows nothing by itself.</summary>
internal sealed class Browser(Uri address) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = address };

    public Dictionary<string, string> Cookies { get; } = [];

    /// <summary>What it sends with every request.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    public string? Session => Cookies.GetValueOrDefault("__Host-authentik_session");

    public FlowDriver Flow(string slug, string query = "") => new(this, slug, query);

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<HttpResponseMessage> PostAsync(string path, string json, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, new StringContent(json, Encoding.UTF8, "application/json"), headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers.Concat(Headers.Select(h => (h.Key, h.Value))))
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        if (Cookies.Count > 0 && !request.Headers.Contains("Cookie"))
        {
            request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(c => $"{c.Key}={c.Value}")));
        }

        var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Keep(response);
        return response;
    }

    public Browser Copy()
    {
        var copy = new Browser(address);
        foreach (var (name, value) in Cookies)
        {
            copy.Cookies[name] = value;
        }

        return copy;
    }

    public void Dispose() => http.Dispose();

    private void Keep(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Set-Cookie", out var set))
        {
            return;
        }

        foreach (var pair in set.Select(s => s.Split(';')[0].Split('=', 2)))
        {
            if (pair[1].Length == 0)
            {
                Cookies.Remove(pair[0]);
            }
            else
            {
                Cookies[pair[0]] = pair[1];
            }
        }
    }
}

/// <summary>One run of a flow, as a client of the executor sees it.</summary>
internal sealed class FlowDriver(Browser browser, string slug, string query)
{
    public string Path { get; } = $"/api/v3/flows/executor/{slug}/?query={Uri.EscapeDataString(query)}";

    public async Task<Seen> ShowAsync()
    {
        using var response = await browser.GetAsync(Path);
        return await Seen.ReadAsync(response);
    }

    /// <summary>Answers, and shows what comes next.</summary>
    public async Task<Seen> AnswerAsync(params (string Name, string Value)[] fields)
    {
        using var response = await PostAsync(fields);
        return response.StatusCode == HttpStatusCode.Found ? await ShowAsync() : await Seen.ReadAsync(response);
    }

    /// <summary>Answers with any JSON, and shows what comes next.</summary>
    public async Task<Seen> AnswerJsonAsync(JsonObject answer)
    {
        using var response = await PostJsonAsync(answer.ToJsonString());
        return response.StatusCode == HttpStatusCode.Found ? await ShowAsync() : await Seen.ReadAsync(response);
    }

    public Task<HttpResponseMessage> PostAsync(params (string Name, string Value)[] fields) =>
        PostJsonAsync(JsonSerializer.Serialize(fields.ToDictionary(f => f.Name, f => f.Value)));

    public Task<HttpResponseMessage> PostJsonAsync(string json) =>
        browser.PostAsync(Path, json, browser.Cookies.TryGetValue("authentik_csrf", out var csrf) ? [("X-authentik-CSRF", csrf)] : []);
}

/// <summary>What the executor said.</summary>
internal sealed record Seen(int Status, JsonElement Json)
{
    public string Component => Text("component");

    public bool HasFaults => Json.TryGetProperty("response_errors", out _);

    public string Text(string name) => Json.GetProperty(name).GetString()!; // an absent one fails the test

    public IEnumerable<string> Ids(string name) => Json.GetProperty(name).EnumerateArray().Select(e => e.GetProperty("id").GetString()!); // as above

    public string FaultCode(string field) => Json.GetProperty("response_errors").GetProperty(field)[0].GetProperty("code").GetString()!; // as above

    public static async Task<Seen> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(text);
        return new Seen((int)response.StatusCode, document.RootElement.Clone());
    }
}
