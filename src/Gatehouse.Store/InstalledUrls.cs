using System.Globalization;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Settings;

namespace Gatehouse.Store;

/// <summary>The names an installation answered to at its last start, so that verbs beside a running one make the right links.</summary>
public static class InstalledUrls
{
    /// <summary>What was kept last; null when <c>up</c> never ran on this data.</summary>
    public static async Task<PublicUrls?> FindAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        await db.SettingAsync(SettingNames.Guide, cancellationToken) is { } text ? Read(text) : null;

    /// <summary>As it is kept: <c>localhost:8443</c>.</summary>
    internal static string Write(PublicUrls urls) => $"{urls.Domain}:{urls.Port}";

    /// <summary>Reads it again.</summary>
    internal static PublicUrls Read(string text)
    {
        var colon = text.LastIndexOf(':');
        return new PublicUrls(text[..colon], int.Parse(text[(colon + 1)..], CultureInfo.InvariantCulture));
    }
}
