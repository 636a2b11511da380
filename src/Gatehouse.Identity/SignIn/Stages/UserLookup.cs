using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Finds the one person that a typed name means.</summary>
internal sealed class UserLookup(GatehouseDb db)
{
    /// <summary>
    /// The person, if there is exactly one who may sign in. An address that was proved counts first: names and unproved addresses are what
    /// anybody writes down for themselves, and must not keep its owner out. Then a username, since addresses are not unique.
    /// </summary>
    public async Task<User?> FindAsync(string typed, IReadOnlyList<string> fields, bool ignoreCase, CancellationToken cancellationToken)
    {
        var name = fields.Contains("username") ? UserNames.Lookup(typed) : null;
        var email = fields.Contains("email") ? EmailAddress.Canonical(typed.Trim()) : null;
        if (name is null && email is null)
        {
            return null;
        }

        var found = await db.Users.AsNoTracking()
            .Where(u => u.UsernameKey == name || u.Email == email)
            .Where(u => u.IsActive && (u.Type == UserType.Internal || u.Type == UserType.External)) // before Take: others must not crowd them out
            .OrderBy(u => u.UsernameKey == name ? 0 : !u.IsEmailUnproven ? 1 : 2).ThenBy(u => u.Id)
            .Take(3) // the one of that name, and two of that address
            .ToListAsync(cancellationToken);
        var named = found.Where(u => u.UsernameKey == name && (ignoreCase || u.Username == typed.Trim())).ToList();
        var addressed = found.Where(u => u.Email == email && email is not null).ToList();
        var proved = addressed.Where(u => !u.IsEmailUnproven).ToList();

        // Two people with one address: picking one would be luck.
        return (proved.Count == 1 ? proved : named.Count > 0 ? named : proved.Count > 0 ? proved : addressed) is [var only] ? only : null;
    }
}
