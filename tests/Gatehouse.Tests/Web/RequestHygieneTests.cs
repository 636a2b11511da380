using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Web;

/// <summary>What no host's pipeline gets to see.</summary>
public class RequestHygieneTests
{
    [Theory]
    [InlineData("GET", "/", "a.test", null, null, 200)]
    [InlineData("GET", "/x?y=1&z=%zz", "A.test:8443", "X-A", "caf\u00e9\ttab", 200)]
    [InlineData("GET", "/", "", null, null, 400)]
    [InlineData("GET", "/", "a.test,b.test", null, null, 400)]
    [InlineData("GET", "/", "a.test.", null, null, 400)]
    [InlineData("GET", "http://a.test/", "a.test", null, null, 400)]
    [InlineData("GET", "*", "a.test", null, null, 400)]
    [InlineData("GET", "", "a.test", null, null, 400)]
    [InlineData("GET", "/#x", "a.test", null, null, 400)]
    [InlineData("GET", "/?#x", "a.test", null, null, 400)]
    [InlineData("GET", "/ x", "a.test", null, null, 400)]
    [InlineData("GET", "/\u00e9", "a.test", null, null, 400)]
    [InlineData("GET", "/", "a.test", "X-A", "a\u0001b", 400)]
    [InlineData("GET", "/", "a.test", "X-A", "a\u007fb", 400)]
    [InlineData("GET", "/", "a.test", "X-A", "a\r\nb", 400)]
    [InlineData("GET", "/", "a.test", "X[A", "1", 400)]
    [InlineData("GET", "/", "a.test", "X A", "1", 400)]
    [InlineData("GET", "/", "a.test", "\u00e9", "1", 400)]
    [InlineData("POST", "/", "a.test", "Transfer-Encoding", "chunked", 200)]
    [InlineData("POST", "/", "a.test", "Transfer-Encoding", "gzip, chunked", 400)]
    [InlineData("GET", "/", "a.test", "Upgrade", "websocket", 200)]
    [InlineData("OPTIONS", "/", "a.test", "Upgrade", "WebSocket", 400)]
    [InlineData("POST", "/", "a.test", "Upgrade", "h2c, websocket", 400)]
    [InlineData("POST", "/", "a.test", "Upgrade", "SPDY/3.1", 200)]
    [InlineData("TRACE", "/", "a.test", null, null, 405)]
    [InlineData("CONNECT", "/", "a.test", null, null, 405)]
    public async Task Turns_away_what_reads_two_ways(string method, string target, string host, string? name, string? value, int status)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Protocol = "HTTP/1.1";
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        context.Request.Headers.Host = host;
        if (name is not null)
        {
            context.Request.Headers[name] = value;
        }

        var passed = false;
        var hygiene = new RequestHygiene(
            _ =>
            {
                passed = true;
                return Task.CompletedTask;
            },
            NullLogger<RequestHygiene>.Instance);
        await hygiene.InvokeAsync(context);

        Assert.Equal(status, context.Response.StatusCode);
        Assert.Equal(status == 200, passed);
    }
}
