using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.App>;

namespace Gatehouse.Management.Apps;

/// <summary>Ends all tokens of an app that were issued until now. Whoever is still signed in gets another without noticing.</summary>
internal sealed class RevokeAppTokens(GatehouseDb db, Writer writer, TimeProvider clock)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<App>(
        Topic.Access,
        async () =>
        {
            if (await db.Apps.SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is not { } app)
            {
                return new Result.Missing();
            }

            app.TokenEpoch++;
            app.UpdatedAt = clock.GetUtcNow();
            return new Result.Done(app);
        },
        cancellationToken);
}
