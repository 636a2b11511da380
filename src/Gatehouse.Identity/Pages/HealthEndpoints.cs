using System.Data.Common;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Pages;

/// <summary><c>/-/health/</c>: for load balancers. Bodies are empty.</summary>
internal sealed partial class HealthEndpoints(GatehouseDb db, TimeProvider clock, ILogger<HealthEndpoints> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The process runs.</summary>
    public static IResult Live() => Results.StatusCode(200);

    /// <summary>The database answers.</summary>
    public async Task<IResult> ReadyAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await db.Settings.AsNoTracking().AnyAsync(both.Token);
            return Results.StatusCode(200);
        }
        catch (Exception fault) when (IsDown(fault) || fault is OperationCanceledException)
        {
            LogDown(fault);
            return Results.StatusCode(503);
        }
    }

    /// <summary>Whether an exception says that the database does not answer.</summary>
    public static bool IsDown(Exception fault) =>
        fault is DbException or TimeoutException or InvalidOperationException { InnerException: DbException or TimeoutException };

    [LoggerMessage(EventId = 2211, Level = LogLevel.Warning, Message = "Not ready: the database does not answer")]
    private partial void LogDown(Exception fault);
}
