using System.Text.Json;
using Gatehouse.Model.Settings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Snapshots;

/// <summary>Reads the settings that administrators change at run time.</summary>
internal sealed class SystemSettingsReader(IDbContextFactory<GatehouseDb> databases, TimeProvider clock, ILogger<SystemSettingsReader> logger)
    : TableReader<SystemSettings>(databases, clock, logger)
{
    /// <inheritdoc/>
    public override string Topic => Gatehouse.Model.Snapshots.Topic.Identity;

    /// <inheritdoc/>
    protected override async Task<SystemSettings> ReadAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        await db.SettingAsync(SystemSettings.Name, cancellationToken) is { } text
            ? JsonSerializer.Deserialize(text, SettingShapes.Default.SystemSettings) ?? new SystemSettings()
            : new SystemSettings();
}
