using System.Text;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Tests.Access.SignIn.Saml;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Attributes of a login method by SAML that origins hear in headers.</summary>
public class AttributeHeaderTests
{
    [Fact]
    public async Task The_origin_hears_the_attributes_of_whoever_signed_in_and_nobodys_own_words()
    {
        await using var host = await StartAsync();
        host.Sessions.Claims = """{"department":"engines","groups":["a;b","ünd\n"]}""";
        var token = host.SignIn();

        await host.GetAsync("/x", token, headers: "X-Department: forged\r\nx_department: forged\r\nX.Groups: forged\r\nX-Absent: forged\r\n");

        var request = Latin(host.Origin.Only.Head);
        Assert.Contains("\r\nX-Department: engines\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nX_Groups: a\\;b;\u00fcnd\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", request, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Absent", request, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Who_came_in_without_it_gets_no_such_header_and_can_not_bring_one()
    {
        await using var host = await StartAsync();

        await host.GetAsync("/public/x", headers: "X-Department: forged\r\nX-DEPARTMENT: forged\r\n");

        Assert.DoesNotContain("department", Latin(host.Origin.Only.Head), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Without_the_session_nobody_is_let_through_without_the_headers()
    {
        await using var host = await StartAsync();
        var token = host.SignIn();
        host.Sessions.Fault = new InvalidOperationException("the store is away");

        Assert.Equal(503, (await host.GetAsync("/x", token)).Status);
        host.Sessions.Fault = null;
        host.Sessions.Forget();
        Assert.Equal(302, (await host.GetAsync("/x", token, headers: "Accept: text/html\r\n")).Status);
    }

    [Fact]
    public async Task A_session_is_looked_up_once_a_minute_and_what_was_known_goes_on_without_the_store()
    {
        await using var host = await StartAsync();
        var token = host.SignIn();

        for (var n = 0; n < 5; n++)
        {
            Assert.Equal(200, (await host.GetAsync("/x", token)).Status);
        }

        Assert.Equal(1, host.Sessions.LookUps);
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(200, (await host.GetAsync("/x", token)).Status);
        Assert.Equal(2, host.Sessions.LookUps);

        host.Sessions.Fault = new InvalidOperationException("down");
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        for (var n = 0; n < 5; n++)
        {
            Assert.Equal(200, (await host.GetAsync("/x", token)).Status);
        }

        Assert.Equal(3, host.Sessions.LookUps); // it is not asked at each request
    }

    private static Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(h =>
    {
        h.WithUsualApps();
        h.Method = id => SamlProvider.Method(id, new SamlSettings
        {
            Certificates = [SamlProvider.Certificate(TestKeys.Provider)],
            Headers = [new("department", "X-Department"), new("groups", "X_Groups"), new("absent", "X-Absent")],
        });
    });

    private static string Latin(string request) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(request));
}
