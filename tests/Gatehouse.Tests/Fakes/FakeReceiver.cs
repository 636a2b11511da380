using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.WebUtilities;

namespace Gatehouse.Tests.Fakes;

/// <summary>Stands for the servers of clients: keeps what is posted to them, and answers as told.</summary>
internal sealed class FakeReceiver : HttpMessageHandler
{
    /// <summary>What came, in order: where, and the fields of the form.</summary>
    public ConcurrentQueue<(string Url, Dictionary<string, string> Form)> Posts { get; } = new();

    /// <summary>How it answers.</summary>
    public Func<string, HttpStatusCode> Answer { get; set; } = _ => HttpStatusCode.OK;

    /// <summary>The logout token of the only post.</summary>
    public string OnlyToken => Assert.Single(Posts).Form["logout_token"];

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var url = request.RequestUri!.OriginalString; // the client under test names one
        Assert.Equal(HttpMethod.Post, request.Method);
        Assert.Equal("application/x-www-form-urlencoded", request.Content!.Headers.ContentType!.MediaType); // as above
        var form = QueryHelpers.ParseQuery(await request.Content.ReadAsStringAsync(cancellationToken)).ToDictionary(f => f.Key, f => f.Value.ToString());
        Posts.Enqueue((url, form));
        return new HttpResponseMessage(Answer(url));
    }
}
