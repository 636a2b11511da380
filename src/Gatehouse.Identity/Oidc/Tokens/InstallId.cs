using Gatehouse.Model.Settings;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>The id of this installation: salt of hashed subjects, so it must never change. Made at first use.</summary>
internal sealed class InstallId(IDbContextFactory<GatehouseDb> databases)
{
    public const string SettingName = "install_id";

    private string? known;

    public async ValueTask<string> GetAsync(CancellationToken cancellationToken) => known ??= await ReadOrMakeAsync(cancellationToken);

    private async Task<string> ReadOrMakeAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await ReadAsync(db, cancellationToken) is { } found)
        {
            return found;
        }

        try
        {
            db.Settings.Add(new Setting { Name = SettingName, Value = Digest.FreshSecret(16) });
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Another request or node was first; the read below says whether that is so.
        }

        return await ReadAsync(db, cancellationToken) ?? throw new InvalidOperationException("the install id can't be saved");
    }

    private static Task<string?> ReadAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        db.Settings.Where(s => s.Name == SettingName).Select(s => s.Value).SingleOrDefaultAsync(cancellationToken);
}
