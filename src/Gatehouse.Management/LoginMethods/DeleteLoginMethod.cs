using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.LoginMethods.LoginMethod>;

namespace Gatehouse.Management.LoginMethods;

/// <summary>
/// Removes a login method that nothing names. An app that allowed only this one would otherwise allow every one: an empty list means all.
/// Sessions made with it end in the same transaction: whoever may no longer sign in by it may no longer be signed in by it.
/// </summary>
internal sealed class DeleteLoginMethod(GatehouseDb db, Writer writer, RuleUses uses, TimeProvider clock)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<LoginMethod>(
        Topic.Access,
        async () =>
        {
            if (await db.LoginMethods.SingleOrDefaultAsync(m => m.Id == id, cancellationToken) is not { } method)
            {
                return new Result.Missing();
            }

            if ((await db.Apps.AsNoTracking().ToListAsync(cancellationToken)).Find(a => a.AllowedLoginMethods.Contains(id)) is { } app)
            {
                return new Result.InUse($"application '{app.Name}' ({app.Id}) allows it");
            }

            if (await uses.FindAsync(r => Names(r, id), cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            db.LoginMethods.Remove(method);
            writer.Touch(Topic.Revocations);
            writer.Also(() => MethodSessions.EndAsync(db, id, clock.GetUtcNow(), cancellationToken));
            return new Result.Done(method);
        },
        cancellationToken);

    private static bool Names(Rule rule, Guid id) => rule switch
    {
        Rule.LoginMethod m => m.Id == id,
        Rule.OidcClaim c => c.LoginMethodId == id,
        Rule.ProviderGroup g => g.LoginMethodId == id,
        Rule.SamlClaim a => a.LoginMethodId == id,
        Rule.AuthContext c => c.LoginMethodId == id,
        _ => false,
    };
}
