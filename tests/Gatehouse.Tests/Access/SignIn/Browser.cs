using System.Globalization;
using System.Net;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>A browser as far as sign-in sees it: cookies by host and path, and redirects followed one at a time.</summary>
internal sealed class Browser(Uri server, TimeProvider clock) : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <summary>The cookies it holds.</summary>
    public List<Cookie> Cookies { get; } = [];

    /// <summary>A cookie's value on a host; null when there is none.</summary>
    public string? this[string host, string name] => Cookies.FirstOrDefault(c => c.Host == host && c.Name == name)?.Value;

    /// <summary>Asks for an https URL of any host; the server under test answers for all.</summary>
    public Task<Answer> GetAsync(string url, HttpMethod? method = null, params (string Name, string Value)[] headers) => SendAsync(url, method ?? HttpMethod.Get, null, headers);

    /// <summary>Posts a form.</summary>
    public async Task<Answer> PostAsync(string url, Dictionary<string, string> form, params (string Name, string Value)[] headers)
    {
        using var content = new FormUrlEncodedContent(form);
        return await SendAsync(url, HttpMethod.Post, content, headers);
    }

    /// <summary>Posts JSON.</summary>
    public async Task<Answer> PostJsonAsync(string url, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        return await SendAsync(url, HttpMethod.Post, content, []);
    }

    /// <summary>Posts a form.</summary>
    public Task<Answer> PostAsync(string url, (string Name, string Value) first, params (string Name, string Value)[] others) => PostAsync(url, others.Prepend(first).ToDictionary(f => f.Name, f => f.Value));

    private async Task<Answer> SendAsync(string url, HttpMethod method, HttpContent? content, (string Name, string Value)[] headers)
    {
        var (host, target) = Split(url);
        using var request = new HttpRequestMessage(
            method, new Uri(server.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Headers.Host = host;
        request.Content = content;
        var path = target.Split('?')[0];
        var sent = Cookies.Where(c => c.Host == host && c.Expires > clock.GetUtcNow() && Within(path, c.Path)).Select(c => $"{c.Name}={c.Value}").ToList();
        if (sent.Count > 0)
        {
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", sent));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var setCookies = response.Headers.TryGetValues("Set-Cookie", out var lines) ? lines.ToList() : [];
        setCookies.ForEach(l => Keep(host, l));
        return new Answer(
            response.StatusCode,
            response.Headers.NonValidated.TryGetValues("Location", out var location) ? location.ToString() : null,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            setCookies);
    }

    /// <summary>Follows redirects until there is none, or until one leads to <paramref name="stop"/>.</summary>
    public async Task<Answer> FollowAsync(string url, string stop = "https://idp.test/")
    {
        for (var hops = 0; hops < 10; hops++)
        {
            var answer = await GetAsync(url);
            if (answer.Location is null || answer.Location.StartsWith(stop, StringComparison.Ordinal))
            {
                return answer;
            }

            url = answer.Location.StartsWith('/') ? "https://" + Split(url).Host + answer.Location : answer.Location;
        }

        throw new InvalidOperationException("too many redirects, last to " + url);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private static (string Host, string Target) Split(string url)
    {
        Assert.StartsWith("https://", url, StringComparison.Ordinal);
        var rest = url["https://".Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (rest, "/") : (rest[..slash], rest[slash..]);
    }

    private static bool Within(string path, string cookiePath) =>
        cookiePath == "/" || path == cookiePath || path.StartsWith(cookiePath + "/", StringComparison.Ordinal);

    private void Keep(string host, string line)
    {
        var parts = line.Split(';', StringSplitOptions.TrimEntries);
        var equals = parts[0].IndexOf('=', StringComparison.Ordinal);
        string? Attribute(string name) => parts.FirstOrDefault(p => p.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..];
        var cookie = new Cookie(
            host,
            parts[0][..equals],
            parts[0][(equals + 1)..],
            Attribute("path") ?? "/",
            Attribute("expires") is { } expires ? DateTimeOffset.Parse(expires, CultureInfo.InvariantCulture) : DateTimeOffset.MaxValue);
        Cookies.RemoveAll(c => c.Host == host && c.Name == cookie.Name && c.Path == cookie.Path);
        if (cookie.Expires > clock.GetUtcNow())
        {
            Cookies.Add(cookie);
        }
    }

    internal sealed record Cookie(string Host, string Name, string Value, string Path, DateTimeOffset Expires);
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string? Location, string Body, Dictionary<string, string> Headers, List<string> SetCookies)
{
    /// <summary>A query parameter of the redirect.</summary>
    public string this[string parameter] => System.Web.HttpUtility.ParseQueryString(new Uri(Location!).Query)[parameter] ?? "";
}
