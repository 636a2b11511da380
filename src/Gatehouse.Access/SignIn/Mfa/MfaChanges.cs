using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>
/// Who may add or remove a second factor: somebody who proved themselves in the last minutes by what is no weaker. Else one code that was given away would
/// be worth a key.
/// </summary>
internal sealed class MfaChanges(MfaMemory memory, MfaProof proof)
{
    /// <summary>
    /// Those of a person's by which they prove themselves before one of <paramref name="kind"/> is added or removed: of that very kind, if it is one of keys
    /// or readers; else any key or reader; else the app. What the organization takes no more counts where there is nothing else. Empty: nothing works here.
    /// </summary>
    public IReadOnlyList<AccessAuthenticator> ProversOf(MfaMethods kind, AccessTable table, IReadOnlyList<AccessAuthenticator> own)
    {
        var works = own.Where(proof.Works).ToList();
        var taken = works.FindAll(a => table.Organization.Mfa?.Allowed.HasFlag(a.Method) == true);
        var all = taken.Count > 0 ? taken : works;
        var keys = all.FindAll(a => a is AccessCredential);
        var same = keys.FindAll(k => k.Method == kind);
        return same.Count > 0 ? same : keys.Count > 0 ? keys : all;
    }

    /// <summary>Whether one of <paramref name="kind"/> may be added or removed now. Who has none at all adds the first right after they signed in.</summary>
    public bool Allows(MfaMethods kind, AccessTable table, AccessSession session, IReadOnlyList<AccessAuthenticator> own) =>
        own.Count == 0 ? memory.IsFresh(session) : ProversOf(kind, table, own).Any(p => memory.IsRecent(session, p.Method));
}
