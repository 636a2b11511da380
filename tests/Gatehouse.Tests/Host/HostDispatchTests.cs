using Gatehouse.Hosting;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Host;

public class HostDispatchTests
{
    [Fact]
    public async Task Strict_transport_security_survives_a_cleared_answer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var web = builder.Build();
        var branches = new HostBranches { Identity = ClearAsync, Access = ClearAsync, Api = ClearAsync, Gateway = ClearAsync };
        web.Run(new HostDispatch(new PublicUrls("example.com", 443), branches).InvokeAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, web.Urls.First());
        request.Headers.Host = "app.example.com";

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(["max-age=31536000"], answer.Headers.GetValues("Strict-Transport-Security"));
    }

    // As the gateway does with what an origin began.
    private static Task ClearAsync(HttpContext context)
    {
        context.Response.Headers.StrictTransportSecurity = "max-age=0";
        context.Response.Clear();
        return context.Response.WriteAsync("x", context.RequestAborted);
    }
}
