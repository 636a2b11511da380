using System.Globalization;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Settings;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Hosting;

/// <summary>Remembers the names an installation answers to, so that verbs beside a running one make the right links.</summary>
internal static class InstalledAt
{
    private const string DomainName = "host.domain";
    private const string PortName = "host.port";

    /// <summary>Keeps <paramref name="urls"/>.</summary>
    public static async Task RememberAsync(IServiceProvider services, PublicUrls urls, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContextAsync(cancellationToken);
        await SetAsync(db, DomainName, urls.Domain, cancellationToken);
        await SetAsync(db, PortName, urls.Port.ToString(CultureInfo.InvariantCulture), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>What was kept last; null when <c>up</c> never ran on this data.</summary>
    public static async Task<PublicUrls?> RecallAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var domain = await db.Settings.FindAsync([DomainName], cancellationToken);
        var port = await db.Settings.FindAsync([PortName], cancellationToken);
        return domain is not null && port is not null && int.TryParse(port.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new PublicUrls(domain.Value, number)
            : null;
    }

    private static async Task SetAsync(GatehouseDb db, string name, string value, CancellationToken cancellationToken)
    {
        var row = await db.Settings.FindAsync([name], cancellationToken);
        if (row is null)
        {
            db.Settings.Add(new Setting { Name = name, Value = value });
        }
        else
        {
            row.Value = value;
        }
    }
}
