using System.Security.Cryptography;
using Gatehouse.Access;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Secrets;
using Gatehouse.Tests.Fakes;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>The team domain and the app hosts on one real server, with a provider to sign in at. Behind the app hosts is no gateway: without a cookie they redirect, with one they answer 200.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA2000", Justification = "The rig owns the provider; the logging factory owns its provider.")]
internal sealed class SignInRig : IAsyncDisposable
{
    private readonly SecretBox box = new(RandomNumberGenerator.GetBytes(32));
    private readonly IReadOnlyList<AccessSigningKey> keys = [TestAccess.Key(TestKeys.Current), TestAccess.Key(TestKeys.Previous, new FakeClock().GetUtcNow().AddDays(7))];
    private readonly LogLines lines = new();
    private WebApplication? web;

    private SignInRig(FakeProvider provider, FakeClock clock)
    {
        Provider = provider;
        Clock = clock;
        Sessions = new FakeAccessSessions(clock);
        Approvals = new FakeApprovals(clock);
        Authenticators = new FakeAccessAuthenticators(Sessions, clock);
        Events = new FakeEvents(clock);
        Pins = new FakeOneTimePins(clock);
        Method = provider.Method();
        Apps = [TestAccess.App("app.test", TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.EmailDomain("example.com")]))];
        Apps[0].AutoRedirectToIdentity = true;
        Methods = [Method];
        Tables = new FakeSnapshot<AccessTable>(TestAccess.Table(Apps, Methods, keys), clock);
    }

    public FakeProvider Provider { get; }

    public FakeClock Clock { get; }

    public FakeAccessSessions Sessions { get; }

    public FakeAudit Audit { get; } = new();

    public FakeApprovals Approvals { get; }

    public FakeAccessAuthenticators Authenticators { get; }

    public FakeEvents Events { get; }

    public Organization Organization { get; } = new() { Id = "0123456789abcdef0123456789abcdef", Name = "Example Ltd" };

    public FakeMail Mail { get; } = new();

    public ISecretBox Box => box;

    public FakeOneTimePins Pins { get; }

    public List<AccessList> Lists { get; } = [];

    public List<RuleGroup> Groups { get; } = [];

    public List<CustomPage> Pages { get; } = [];

    public List<ServiceToken> Machines { get; } = [];

    public LoginMethod Method { get; }

    public List<App> Apps { get; }

    public List<LoginMethod> Methods { get; }

    public App App => Apps[0];

    /// <summary>The published names; null means all that apps cover.</summary>
    public List<string>? Published { get; set; }

    public FakeSnapshot<AccessTable> Tables { get; }

    /// <summary>What was logged so far: each line begins with its event's id.</summary>
    public IReadOnlyList<string> Log => [.. lines.All.Select(l => $"{l.Id} {l.Text}")];

    /// <summary>Adds to the services, or replaces some.</summary>
    public Action<IServiceCollection> Services { get; set; } = _ => { };

    public static async Task<SignInRig> StartAsync(Action<SignInRig>? change = null)
    {
        var clock = new FakeClock();
        var rig = new SignInRig(await FakeProvider.StartAsync(clock), clock);
        change?.Invoke(rig);
        rig.Reload();
        await rig.ServeAsync();
        return rig;
    }

    /// <summary>Puts changes of <see cref="Apps"/>, <see cref="Methods"/> and <see cref="Published"/> in force.</summary>
    public void Reload() => Tables.Swap(TestAccess.Table(Apps, Methods, keys, Groups, Published, Lists, Pages, Machines, Organization));

    public Uri Address => new(web!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()); // served before anybody asks

    public Browser Browser() => new(Address, Clock);

    /// <summary>From the app to the provider: its authorization URL.</summary>
    public async Task<Answer> BeginAsync(Browser browser, string url = "https://app.test/deep?q=1&r=%2F")
    {
        var answer = await browser.FollowAsync(url);
        Assert.StartsWith("https://idp.test/authorize", answer.Location, StringComparison.Ordinal);
        Provider.Nonce = answer["nonce"];
        return answer;
    }

    /// <summary>Back from the provider.</summary>
    public static Task<Answer> CallbackAsync(Browser browser, Answer authorize, string code = "c0de") =>
        browser.GetAsync($"https://access.test/cdn-cgi/access/callback?code={code}&state={authorize["state"]}");

    /// <summary>The whole way, to the app's page.</summary>
    public async Task<Answer> SignInAsync(Browser browser, string url = "https://app.test/deep?q=1&r=%2F")
    {
        var callback = await CallbackAsync(browser, await BeginAsync(browser, url));
        return callback.Location is null ? callback : await browser.FollowAsync(callback.Location);
    }

    public async ValueTask DisposeAsync()
    {
        if (web is not null)
        {
            await web.DisposeAsync();
        }

        await Provider.DisposeAsync();
        box.Dispose();
        lines.Dispose();
    }

    private async Task ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(lines).SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(new PublicUrls("test", 443))
            .AddSingleton<ISecretBox>(box)
            .AddSingleton<IAccessSessions>(Sessions)
            .AddSingleton<IAuditSink>(Audit)
            .AddSingleton<IServiceTokenUses>(new FakeTokenUses())
            .AddSingleton<IApprovals>(Approvals)
            .AddSingleton<IAccessAuthenticators>(Authenticators)
            .AddSingleton<IEventLog>(Events)
            .AddSingleton<IMailSender>(Mail)
            .AddSingleton<IOneTimePins>(Pins)
            .AddSingleton<ISnapshot<AccessTable>>(Tables)
            .AddSingleton<ISnapshot<RevocationTable>>(Sessions.Revocations)
            .AddAccess();
        builder.Services.AddHttpClient("upstream").ConfigurePrimaryHttpMessageHandler(() => new OwnIdentity(Provider.Url));
        Services(builder.Services);
        web = builder.Build();
        web.MapWhen(c => RequestHost.Of(c.Request) == "access.test", team => team.UseRouting().UseEndpoints(e => e.MapAccess()));
        web.Run(AppHostAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
    }

    private async Task AppHostAsync(HttpContext context)
    {
        var host = RequestHost.Of(context.Request)!;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!RequestPath.TryParse(target, out var path, out _))
        {
            context.Response.StatusCode = 400;
            return;
        }

        if (path.Deep.StartsWith("/cdn-cgi/", StringComparison.Ordinal) || path.MayBeUnder("/.well-known"))
        {
            await context.RequestServices.GetRequiredService<AppHostEndpoints>().HandleAsync(context, Tables.Current, host, path);
            return;
        }

        if (CookieValues.Only(context.Request, "CF_Authorization") is null && Tables.Current.Apps.Find(host, path, out var app) == AppMatch.One)
        {
            context.RequestServices.GetRequiredService<LoginRedirect>().Write(context, Tables.Current, app!, host);
            return;
        }

        await context.Response.WriteAsync("app " + target, context.RequestAborted);
    }

    // The provider's keys under the name of our own Identity.
    private sealed class OwnIdentity(string provider) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = request.RequestUri;
            request.RequestUri = asked?.Host == "auth.test" ? new Uri(provider + "/certs") : asked;
            var response = await base.SendAsync(request, cancellationToken);
            request.RequestUri = asked;
            return response;
        }
    }
}
