using System.Text;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Access.SignIn.Saml;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

public class SamlMethodTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Settings_come_back_as_they_were_kept(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var certificate = SamlProvider.Certificate(TestKeys.Provider);
        var method = SamlProvider.Method(new SamlSettings { Certificates = [certificate], SignRequest = true, Headers = [new SamlHeader("department", "X_Department")] });
        method.SealedClientSecret = store.Get<ISecretBox>().Seal([], SecretPurposes.LoginMethodClientSecret);
        await using (var db = store.Open())
        {
            db.LoginMethods.Add(method);
            await db.SaveChangesAsync(Cancel);
        }

        await using var other = store.Open();
        var read = new LoginMethodEntry { Method = other.LoginMethods.Single(m => m.Id == method.Id), ClientSecret = "" };
        Assert.Equal((certificate, true, false), (read.Saml!.Certificates.Single(), read.Saml.SignRequest, read.Saml.ForceAuthn));
        Assert.Equal([new SamlHeader("department", "X_Department")], read.Saml.Headers);
        Assert.Equal("x-department", read.Saml.Headers[0].Folded);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task F10_of_many_who_bring_an_assertion_at_once_one_gets_in(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var now = store.Clock.GetUtcNow();
        var identities = new SamlIdentities(new SamlResponses(new PublicUrls("test", 443), store.Clock), store.Get<IAccessSessions>());
        var method = new LoginMethodEntry { Method = SamlProvider.Method(), ClientSecret = "" };
        var state = new LoginState
        {
            Id = "state",
            Aud = "",
            Host = "",
            ReturnTo = "/",
            AppSessionHash = "",
            BrowserHash = "",
            LoginMethodId = method.Method.Id,
            Nonce = "n0nce",
            ExpiresAt = now.AddMinutes(10),
        };
        var posted = Convert.ToBase64String(Encoding.UTF8.GetBytes(SamlAnswer.To(SamlResponses.RequestId(state), now).Signed()));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => identities.FindAsync(method, posted, state, Cancel)));

        Assert.Equal("ada@example.com", Assert.Single(outcomes, o => o.Value is not null).Value!.Email);
        Assert.All(outcomes.Where(o => o.Value is null), o => Assert.Equal("saml_replayed", o.Failure!.Code));
    }
}
