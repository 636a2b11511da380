using System.Diagnostics.CodeAnalysis;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Blueprints;
using Gatehouse.Model.Events;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Blueprints;

/// <summary>
/// Keeps things as blueprints say, as authentik does: takes up files that the operator put into the folder, and applies what is enabled when its
/// text has changed, and once an hour.
/// </summary>
internal sealed partial class KeepBlueprints(IServiceScopeFactory scopes, TimeProvider clock, ILogger<KeepBlueprints> logger) : BackgroundService
{
    private const string Instantiate = "blueprints.goauthentik.io/instantiate";

    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    // Gatehouse itself: what it writes is nobody's doing.
    private static readonly ApiCaller Itself = new(new EventActor(0, "", ""), true, Guid.Empty, null);

    /// <summary>Looks once; how many were applied.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await TakeUpAsync(cancellationToken);
        var applied = 0;
        foreach (var id in await DueAsync(cancellationToken))
        {
            // Each in a scope of its own: one that fails spoils nothing of the next.
            await using var scope = scopes.CreateAsyncScope();
            if (await scope.ServiceProvider.GetRequiredService<SaveBlueprint>().RunAsync(id, Itself, cancellationToken) is WriteResult<BlueprintInstance>.Done { Value: var done })
            {
                LogApplied(done.Name, done.Status);
                applied++;
            }
        }

        return applied;
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "What fails is logged and tried again a minute later.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Look, clock, stoppingToken);
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

    // Files that nobody has told of yet, unless they say that they wait to be.
    private async Task TakeUpAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var files = scope.ServiceProvider.GetRequiredService<BlueprintFiles>().All();
        if (files.Count == 0)
        {
            return;
        }

        var db = scope.ServiceProvider.GetRequiredService<GatehouseDb>();
        var known = await db.Blueprints.AsNoTracking().Select(b => new { b.Path, b.Name }).ToListAsync(cancellationToken);
        var save = scope.ServiceProvider.GetRequiredService<SaveBlueprint>();
        foreach (var file in files.Where(f => known.TrueForAll(k => k.Path != f.Path) && !f.Text.Labels.Any(l => l is { Key: Instantiate, Value: "false" or "False" })))
        {
            var name = file.Text.Name.Length > 0 && known.TrueForAll(k => k.Name != file.Text.Name) ? file.Text.Name : file.Path;
            if (await save.CreateAsync(new BlueprintFields { Name = name, Path = file.Path }, cancellationToken) is WriteResult<BlueprintInstance>.Done)
            {
                LogTaken(file.Path);
            }
        }
    }

    // A file that is not on this node may be on another one.
    private async Task<List<Guid>> DueAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var save = scope.ServiceProvider.GetRequiredService<SaveBlueprint>();
        var enabled = await scope.ServiceProvider.GetRequiredService<GatehouseDb>().Blueprints.AsNoTracking().Where(b => b.IsEnabled).OrderBy(b => b.Name).ToListAsync(cancellationToken);
        var now = clock.GetUtcNow();
        return [.. enabled.Where(b => save.TextOf(b) is { } text && (b.LastAppliedAt is not { } last || now - last >= Every || b.LastAppliedHash != BlueprintText.HashOf(text))).Select(b => b.Id)];
    }

    [LoggerMessage(EventId = 5401, Level = LogLevel.Information, Message = "Blueprint '{Name}' was applied: {Status}")]
    private partial void LogApplied(string name, BlueprintStatus status);

    [LoggerMessage(EventId = 5402, Level = LogLevel.Information, Message = "Blueprint file {Path} was found, and is applied from now on")]
    private partial void LogTaken(string path);

    [LoggerMessage(EventId = 5403, Level = LogLevel.Warning, Message = "Blueprints can't be looked after; trying again in a minute")]
    private partial void LogFailed(Exception failure);
}
