using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>What else happens when people change their own details.</summary>
public class OwnChangesTests
{
    [Theory]
    [InlineData("page")]
    [InlineData("flow")]
    public async Task S09_a_change_of_ones_own_details_tells_our_own_access(string where)
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        var user = (await host.UserAsync("alice"))!; // seeded
        await host.ChangeAsync(async db =>
        {
            SignInHost.Add(db, "default-user-settings-flow", "stage_configuration", "require_authenticated", "Update your info",
                (StageType.Prompt, Laid.Prompt(db, "name:text?")), (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));
            var flow = db.Flows.Local.First().Id;
            var provider = new OAuth2Provider
            {
                Name = "access",
                ClientId = "access",
                SealedClientSecret = [1],
                RedirectUris = [],
                LogoutUri = host.Urls.AccessLogoutReceiver + "x",
                AuthorizationFlowId = flow,
                InvalidationFlowId = flow,
            };
            db.Providers.Add(provider);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            var session = await db.AuthenticatedSessions.SingleAsync(s => s.UserId == user.Id, TestContext.Current.CancellationToken);
            db.SessionClients.Add(new SessionClient { SessionUuid = session.Uuid, ProviderId = provider.Id, UserId = user.Id, KeptUntil = host.Clock.GetUtcNow().AddDays(1) });
        });

        if (where == "page")
        {
            Assert.Equal(303, await UserPageTests.PostAsync(alice, "profile/", ("name", "Alice A.")));
        }
        else
        {
            Assert.Equal("xak-flow-redirect", (await alice.Flow("default-user-settings-flow").AnswerAsync(("component", "ak-stage-prompt"), ("name", "Alice A."))).Component);
        }

        Assert.Equal("", (await host.ReadAsync(db => db.LogoutNotices.SingleAsync(TestContext.Current.CancellationToken))).Sid);
        Assert.Equal(200, await UserPageTests.StatusAsync(alice));
    }
}
