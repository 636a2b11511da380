using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store;

/// <summary>Reads single settings.</summary>
public static class SettingValues
{
    /// <summary>The value of a setting; null when it was never set. One query for all of them, so that a start prepares it once.</summary>
    public static Task<string?> SettingAsync(this GatehouseDb db, string name, CancellationToken cancellationToken) =>
        db.Settings.Where(s => s.Name == name).Select(s => s.Value).FirstOrDefaultAsync(cancellationToken);
}
