using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa;

/// <summary>What authenticators call this installation: the title of its default brand.</summary>
internal sealed class Issuer(GatehouseDb db)
{
    /// <summary>The name.</summary>
    public async Task<string> NameAsync(CancellationToken cancellationToken) =>
        await db.Brands.Where(b => b.IsDefault).Select(b => b.Title).FirstOrDefaultAsync(cancellationToken) is { Length: > 0 } title ? title : "Gatehouse";
}
