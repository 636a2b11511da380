using Gatehouse.Access.Gateway;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>What our own steps cost on a request with a valid session, the forwarder aside.</summary>
public class AllocationTests
{
#if DEBUG
    // The compiler makes classes of async methods here.
    private const long Budget = 400;
#else
    // Nothing at all, but for what the runtime may do once in a while.
    private const long Budget = 32;
#endif

    // The cookies are read a second time; a signature that is checked anew takes several times as much.
    private const long ServiceBudget = 4000;

    [Fact]
    public async Task Matching_reading_the_session_and_deciding_allocate_next_to_nothing()
    {
        await using var gateway = await GatewayHost.StartAsync();
        var decide = gateway.Services.GetRequiredService<Decide>();
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = $"theme=dark; CF_Authorization={gateway.SignIn()}; lang=en";
        Assert.True((await decide.RunAsync(context, gateway.Tables.Current, AppOf(gateway), "app.test")).Kind == DecisionKind.Admit);

        for (var n = 0; n < 200; n++)
        {
            Walk(gateway, decide, context);
        }

        const int Rounds = 1000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < Rounds; n++)
        {
            Walk(gateway, decide, context);
        }

        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Assert.True(each <= Budget, $"{each} bytes each; the budget is {Budget}");
    }

    [Fact]
    public async Task Where_service_tokens_are_taken_and_their_cookies_too_each_cookie_is_verified_once()
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.Organization.StrictServiceTokens = false;
            host.AddApp("staff", "app.test", GatewayHost.Policy(PolicyAction.NonIdentity, new Rule.AnyServiceToken()), GatewayHost.Allow(new Rule.EmailDomain("example.com")));
            host.Publish("app.test");
        });
        var decide = gateway.Services.GetRequiredService<Decide>();
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = $"CF_Authorization={gateway.SignIn()}";
        context.Connection.RemoteIpAddress = System.Net.IPAddress.Loopback;
        Assert.True((await decide.RunAsync(context, gateway.Tables.Current, AppOf(gateway), "app.test")).Kind == DecisionKind.Admit);
        for (var n = 0; n < 100; n++)
        {
            Walk(gateway, decide, context);
        }

        const int Rounds = 500;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < Rounds; n++)
        {
            Walk(gateway, decide, context);
        }

        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Assert.True(each <= ServiceBudget, $"{each} bytes each; the budget is {ServiceBudget}");
    }

    // No assertions inside: they allocate.
    private static void Walk(GatewayHost gateway, Decide decide, DefaultHttpContext context)
    {
        var table = gateway.Tables.Current;
        if (!RequestPath.TryParse("/dashboard/items/42", out var path, out _) || table.Apps.Find("app.test", path, out var app) != AppMatch.One)
        {
            throw new InvalidOperationException("no match");
        }

        var decision = decide.RunAsync(context, table, app!, "app.test");
        if (!decision.IsCompletedSuccessfully || decision.GetAwaiter().GetResult().Kind != DecisionKind.Admit)
        {
            throw new InvalidOperationException("not admitted from memory");
        }
    }

    private static Gatehouse.Model.Snapshots.AppEntry AppOf(GatewayHost gateway) => gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")];
}
