using System.Diagnostics.CodeAnalysis;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Result = Gatehouse.Management.Writes.WriteResult<int>;

namespace Gatehouse.Management.Tokens;

/// <summary>Gives API tokens that have expired another key and another life, as authentik does: the row stays, the old key is worthless.</summary>
internal sealed partial class RotateExpired(IServiceScopeFactory scopes, TimeProvider clock, ILogger<RotateExpired> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    /// <summary>Rotates once; how many keys are new.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GatehouseDb>();
        var now = clock.GetUtcNow();
        if (!await db.ApiTokens.AnyAsync(t => t.Intent == TokenIntent.Api && t.ExpiresAt != null && t.ExpiresAt <= now, cancellationToken))
        {
            return 0; // no turn taken
        }

        var keys = scope.ServiceProvider.GetRequiredService<TokenKeys>();
        var events = scope.ServiceProvider.GetRequiredService<WriteEvents>();
        var life = ValidityPeriod.Parse(scope.ServiceProvider.GetRequiredService<ISnapshot<SystemSettings>>().Current.TokenDuration);
        var result = await scope.ServiceProvider.GetRequiredService<Writer>().RunAsync<int>(
            Topic.Identity,
            async () =>
            {
                var expired = await db.ApiTokens.Where(t => t.Intent == TokenIntent.Api && t.ExpiresAt != null && t.ExpiresAt <= now)
                    .OrderBy(t => t.ExpiresAt).Take(Batch).ToListAsync(cancellationToken);
                foreach (var token in expired)
                {
                    keys.Put(token, keys.Make());
                    token.ExpiresAt = now + life;
                    events.Note(EventActions.SecretRotate, TokenEvents.About(token));
                }

                return new Result.Done(expired.Count);
            },
            cancellationToken);
        return result is Result.Done done ? done.Value : 0;
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "What fails is logged and tried again; an expired key is refused all the while.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Every, clock, stoppingToken);
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Warning, Message = "Expired tokens can't be given new keys; trying again in five minutes")]
    private partial void LogFailed(Exception failure);
}
