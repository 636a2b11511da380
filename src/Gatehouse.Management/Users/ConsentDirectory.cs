using Gatehouse.Management.Applications;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Tokens.UserConsent>;

namespace Gatehouse.Management.Users;

/// <summary>A consent with whose it is and to what.</summary>
internal sealed record ConsentFacts(UserConsent Consent, UserFacts User, ApplicationFacts Application);

/// <summary>Reads lasting consents and takes them back. People have their own, superusers all.</summary>
internal sealed class ConsentDirectory(GatehouseDb db, Writer writer, UserDirectory users, ApplicationDirectory applications)
{
    public async Task<ConsentFacts?> FindAsync(ApiCaller caller, int id, CancellationToken cancellationToken) =>
        await Visible(caller).SingleOrDefaultAsync(c => c.Id == id, cancellationToken) is { } consent
        && await DescribeAsync([consent], cancellationToken) is [var only]
            ? only
            : null;

    public async Task<Slice<ConsentFacts>> ListAsync(
        ApiCaller caller, int? userId, Guid? applicationId, Func<IQueryable<UserConsent>, IQueryable<UserConsent>> order, Paging paging, CancellationToken cancellationToken)
    {
        var consents = Visible(caller);
        consents = userId is { } user ? consents.Where(c => c.UserId == user) : consents;
        consents = applicationId is { } application ? consents.Where(c => c.ApplicationId == application) : consents;
        var slice = await order(consents).SliceAsync(paging, cancellationToken);
        return new Slice<ConsentFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    /// <summary>Takes one back: the application asks again.</summary>
    public Task<Result> RemoveAsync(ApiCaller caller, int id, CancellationToken cancellationToken) => writer.RunAsync<UserConsent>(
        Topic.Identity,
        async () =>
        {
            if (await db.UserConsents.SingleOrDefaultAsync(c => c.Id == id && (caller.IsSuperuser || c.UserId == caller.UserId), cancellationToken) is not { } consent)
            {
                return new Result.Missing();
            }

            db.UserConsents.Remove(consent);
            return new Result.Done(consent);
        },
        cancellationToken);

    private IQueryable<UserConsent> Visible(ApiCaller caller) =>
        caller.IsSuperuser ? db.UserConsents.AsNoTracking() : db.UserConsents.AsNoTracking().Where(c => c.UserId == caller.UserId);

    private async Task<IReadOnlyList<ConsentFacts>> DescribeAsync(IReadOnlyList<UserConsent> consents, CancellationToken cancellationToken)
    {
        var people = await users.FindManyAsync([.. consents.Select(c => c.UserId).Distinct()], cancellationToken);
        var apps = await applications.FindManyAsync([.. consents.Select(c => c.ApplicationId).Distinct()], cancellationToken);
        return
        [
            .. consents.Where(c => people.ContainsKey(c.UserId) && apps.ContainsKey(c.ApplicationId))
                .Select(c => new ConsentFacts(c, people[c.UserId], apps[c.ApplicationId])),
        ];
    }
}
