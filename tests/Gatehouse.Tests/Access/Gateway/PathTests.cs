using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rows P01 to P09, P14 and P18 of the attack cases: paths.</summary>
public class PathTests
{
    [Theory]
    [InlineData("/public/../admin")]
    [InlineData("/public/%2e%2e/admin")]
    [InlineData("/public/.%2E/admin")]
    [InlineData("/public/x/..")]
    public Task P01_dot_segments_are_refused(string target) => Denied(target);

    [Theory]
    [InlineData("/public/..%2fadmin")]
    [InlineData("/public%2f..%2fadmin")]
    [InlineData("/public/%2e%2e%2fadmin")]
    [InlineData("/public%2fx")]
    public Task P02_encoded_slashes_open_nothing(string target) => Denied(target);

    [Theory]
    [InlineData("/public/..;/admin")]
    [InlineData("/admin;a=/public/")]
    [InlineData("/public;/../admin")]
    [InlineData("/public;x/y")]
    [InlineData("/public%3bx/y")]
    public Task P03_semicolon_parameters_open_nothing(string target) => Denied(target);

    [Theory]
    [InlineData("/public\\..\\admin")]
    [InlineData("/public/..%5cadmin")]
    [InlineData("/public/%255c../admin")]
    public Task P04_backslashes_are_refused(string target) => Denied(target, 400);

    [Theory]
    [InlineData("/public/%252e%252e/admin")]
    [InlineData("/public/%25252e%25252e%25252fadmin")]
    [InlineData("/public/%c0%ae%c0%ae/admin")]
    [InlineData("/public/%25u002e%25u002e/admin")]
    public Task P05_double_escapes_are_refused(string target) => Denied(target, 400);

    [Theory]
    [InlineData("/admin#/public/x")]
    [InlineData("/public/x#y")]
    public Task P06_a_fragment_in_the_target_is_refused(string target) => Denied(target, 400);

    [Theory]
    [InlineData("/admin?x=/public/")]
    [InlineData("/admin?/public/../public/x")]
    public Task P07_a_query_is_not_a_path(string target) => Denied(target, 302);

    [Theory]
    [InlineData("//admin")]
    [InlineData("//public/x")]
    [InlineData("/public/..//admin")]
    [InlineData("/.//admin")]
    [InlineData("/public//..//admin")]
    public Task P08_merged_slashes_open_nothing(string target) => Denied(target);

    [Theory]
    [InlineData("/%61dmin", 302)]
    [InlineData("/ADMIN", 302)]
    [InlineData("/PUBLIC/x", 400)] // an origin may fold letters, so the two readings differ
    public Task P09_escapes_and_letter_case_open_nothing(string target, int status) => Denied(target, status);

    [Theory]
    [InlineData("/public%3f/../admin", 400)]
    [InlineData("/public/x%3f", 200)] // covered by the public app in every reading
    [InlineData("/public/x%23", 200)]
    [InlineData("/public%3fx", 302)]
    [InlineData("/public./x", 400)]
    [InlineData("/public%20/x", 400)]
    [InlineData("/%ef%bd%90ublic/x", 400)] // a full-width p
    [InlineData("/public/%00", 400)]
    [InlineData("/public/%0d%0aX:y", 400)]
    [InlineData("/public/%zz", 400)]
    public async Task Every_reading_must_select_the_same_app(string target, int status)
    {
        await using var gateway = await GatewayHost.StartAsync();
        Assert.Equal(status, (await gateway.GetAsync(target)).Status);
        Assert.Equal(status == 200 ? 1 : 0, gateway.Origin.Requests.Count);
    }

    [Theory]
    [InlineData("/admin", 302)]
    [InlineData("/admin/x", 302)]
    [InlineData("/%61dmin", 302)]
    [InlineData("/x/../admin", 400)]
    [InlineData("//admin", 400)]
    [InlineData("/admin;x", 400)]
    [InlineData("/ADMIN", 400)]
    [InlineData("/x%2f..%2fadmin", 400)]
    [InlineData("/%2fadmin", 400)]
    [InlineData("/administrator", 200)]
    public async Task P14_the_most_specific_app_wins_in_every_form(string target, int status)
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.WithUsualApps();
            host.AddApp("admin", "app.test/admin", GatewayHost.Policy(PolicyAction.Deny, new Rule.Everyone()));
        });
        var answer = await gateway.GetAsync(target, gateway.SignIn());

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 302, answer.Header("Location")?.Contains(GatewayHost.AudOf("admin"), StringComparison.Ordinal) ?? false);
        Assert.Equal(status == 200 ? 1 : 0, gateway.Origin.Requests.Count);
    }

    [Theory]
    [InlineData("/api/projects/a%2Fb")]
    [InlineData("/@scope%2fpkg")]
    [InlineData("/%E9")]
    [InlineData("/a%20b")]
    [InlineData("//x")]
    [InlineData("/x//y/")]
    [InlineData("/x?a=%zz")]
    [InlineData("/x?a=b?c=/../d&e=%2F%2f")]
    [InlineData("/x?")]
    [InlineData("/%7Euser/~x")]
    [InlineData("/a;v=1/b;w=2")]
    [InlineData("/a|b^c`d\"e<f>g{h}i[j]")]
    [InlineData("/UPPER/Case.JS")]
    [InlineData("/%e3%81%82/%F0%9F%98%80")]
    [InlineData("/a+b&c=d,e:f@g!h$i'j(k)l*m")]
    public async Task P18_the_origin_gets_the_bytes_the_browser_sent(string target)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await gateway.GetAsync(target, gateway.SignIn());
        Assert.Equal(200, answer.Status);
        Assert.Equal(target, gateway.Origin.Only.Target);
    }

    [Theory]
    [InlineData("/cdn-cgi/access/get-identity")]
    [InlineData("/cdn-cgi/trace")]
    [InlineData("/cdn-cgi")]
    [InlineData("/CDN-CGI/access/logout")]
    [InlineData("//cdn-cgi/access/logout")]
    [InlineData("/cdn-cgi%2faccess/logout")]
    [InlineData("/cdn%2Dcgi/x")]
    [InlineData("/cdn-cgi;x/y")]
    public async Task Paths_of_the_gateway_never_reach_an_origin(string target)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await gateway.GetAsync(target, gateway.SignIn());
        Assert.Equal(404, answer.Status);
        Assert.StartsWith("own ", answer.Header("X-Answer"), StringComparison.Ordinal);
        Assert.Empty(gateway.Origin.Requests);
    }

    private static async Task Denied(string target, int? status = null)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var answer = await gateway.GetAsync(target);
        Assert.Contains(answer.Status, status is { } one ? [one] : new[] { 302, 400, 401, 403 });
        Assert.Empty(gateway.Origin.Requests);
    }
}
