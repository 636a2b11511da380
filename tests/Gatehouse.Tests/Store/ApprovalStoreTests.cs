using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

public class ApprovalStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Two_of_two_approvers_let_somebody_in_for_the_shorter_of_their_times(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var request = await AskAsync(store);
        var approvals = store.Get<IApprovals>();

        var first = await approvals.AnswerAsync(request.Id, "bob@example.com", TimeSpan.FromHours(8), given => given.Count == 2, Cancel);
        var again = await approvals.AnswerAsync(request.Id, "bob@example.com", TimeSpan.FromHours(8), given => given.Count == 2, Cancel);
        var second = await approvals.AnswerAsync(request.Id, "cy@example.com", TimeSpan.FromHours(1), given => given.Count == 2, Cancel);

        Assert.Null(first!.ApprovedUntil);
        Assert.Single(again!.Approvals);
        Assert.Equal(["bob@example.com", "cy@example.com"], second!.Approvals.Select(a => a.Email));
        Assert.NotNull(second.ApprovedUntil);
        var found = await approvals.FindAsync(request.AppId, request.PolicyId, request.Email, Cancel);
        Assert.Equal(second.ApprovedUntil.Value.ToUnixTimeMilliseconds(), found!.ApprovedUntil!.Value.ToUnixTimeMilliseconds());
        Assert.InRange(found.ApprovedUntil.Value - second.Approvals[1].At, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
        Assert.Null(await approvals.FindWaitingAsync(request.Id, Cancel));
        Assert.Null(await approvals.AnswerAsync(request.Id, "dan@example.com", null, _ => false, Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_refusal_ends_the_request_and_another_person_has_none(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var request = await AskAsync(store);
        var approvals = store.Get<IApprovals>();

        Assert.Equal("bob@example.com", (await approvals.AnswerAsync(request.Id, "bob@example.com", null, _ => true, Cancel))!.RefusedBy);

        Assert.Null(await approvals.FindWaitingAsync(request.Id, Cancel));
        Assert.Equal("bob@example.com", (await approvals.FindAsync(request.AppId, request.PolicyId, request.Email, Cancel))!.RefusedBy);
        Assert.Null(await approvals.FindAsync(request.AppId, request.PolicyId, "eve@example.com", Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Visits_at_once_make_one_request(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var approvals = store.Get<IApprovals>();
        var first = await AskAsync(store);
        await approvals.AnswerAsync(first.Id, "bob@example.com", TimeSpan.FromHours(-1), _ => true, Cancel); // over already
        ApprovalRequest Another() => new() { Id = Guid.CreateVersion7(), AppId = first.AppId, PolicyId = first.PolicyId, Email = first.Email, Purpose = "", CreatedAt = first.CreatedAt, ExpiresAt = first.ExpiresAt };

        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => approvals.FindOrAddAsync(Another(), Cancel), Cancel)));

        Assert.Single(kept, k => k is null);
        Assert.Single(kept.OfType<ApprovalRequest>().Select(k => k.Id).Distinct());
        await using var db = store.Open();
        Assert.Equal(2, db.ApprovalRequests.Count());
    }

    private static async Task<ApprovalRequest> AskAsync(TestStore store)
    {
        var policy = TestAccess.Policy(PolicyAction.Allow, "p", [new Rule.Everyone()]);
        var app = TestAccess.App("a.test");
        await using (var db = store.Open())
        {
            db.Policies.Add(policy);
            db.Apps.Add(app);
            await db.SaveChangesAsync(Cancel);
        }

        var now = store.Get<TimeProvider>().GetUtcNow();
        var request = new ApprovalRequest { Id = Guid.CreateVersion7(), AppId = app.Id, PolicyId = policy.Id, Email = "ada@example.com", Purpose = "why", CreatedAt = now, ExpiresAt = now.AddHours(24) };
        Assert.Null(await store.Get<IApprovals>().FindOrAddAsync(request, Cancel));
        return request;
    }
}
