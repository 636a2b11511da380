using Gatehouse.Access.Gateway;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Which headers of a visitor go no further.</summary>
public class InboundHeadersTests
{
    [Theory]
    [InlineData("Cf-Access-Jwt-Assertion")]
    [InlineData("cf_access.jwt~assertion")]
    [InlineData("CF-Ray")]
    [InlineData("X-Forwarded-Anything")]
    [InlineData("X_Authentik_Username")]
    [InlineData("True-Client-IP")]
    [InlineData("Proxy")]
    [InlineData("X-Forwarded-For-With-A-Name-That-Is-Much-Longer-Than-Any-Header-Name-Has-A-Right-To-Be")]
    public void Belong_to_us(string name) => Assert.True(InboundHeaders.IsOurs(name));

    [Theory]
    [InlineData("Cookie")]
    [InlineData("X-Requested-With")]
    [InlineData("Referer")]
    [InlineData("Cfx")]
    [InlineData("X-Forward")]
    [InlineData("Proxy-Feature")]
    [InlineData("Sec-WebSocket-Key")]
    [InlineData("Traceparent")]
    [InlineData("")]
    public void Belong_to_the_visitor(string name) => Assert.False(InboundHeaders.IsOurs(name));

    [Theory]
    [InlineData("close, x-mine", false)]
    [InlineData("X-Mine,x-other", false)]
    [InlineData(" , ,x-MINE;", true)]
    [InlineData("keep-alive", true)]
    [InlineData("Upgrade, Host, Content-Length", true)]
    public void Named_in_connection_end_here(string connection, bool stays)
    {
        var headers = new HeaderDictionary { ["Connection"] = connection, ["X-Mine"] = "1", ["Host"] = "a.test", ["Content-Length"] = "1", ["Upgrade"] = "websocket" };
        InboundHeaders.Scrub(headers, System.Collections.Frozen.FrozenSet<string>.Empty);
        Assert.Equal(stays, headers.ContainsKey("X-Mine"));
        Assert.Equal(5 - (stays ? 0 : 1), headers.Count);
    }
}
