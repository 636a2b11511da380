using Gatehouse.Model.Settings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store;

/// <summary>Reads single settings.</summary>
public static class SettingValues
{
    /// <summary>The value of a setting; null when it was never set. One query for all of them, so that a start prepares it once.</summary>
    public static Task<string?> SettingAsync(this GatehouseDb db, string name, CancellationToken cancellationToken) =>
        db.Settings.Where(s => s.Name == name).Select(s => s.Value).FirstOrDefaultAsync(cancellationToken);

    /// <summary>The id of this installation: salt of hashed subjects. Laid with the first seeds; made anew it would give everybody another <c>sub</c>.</summary>
    public static async Task<string> InstallIdAsync(this GatehouseDb db, CancellationToken cancellationToken) =>
        await db.SettingAsync(SettingNames.InstallId, cancellationToken) is { Length: > 0 } id
            ? id
            : throw new InvalidOperationException($"the setting {SettingNames.InstallId} is missing from the database; restore it from a backup");
}
