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
            if (await ApplyAsync(id, cancellationToken) is WriteResult<BlueprintInstance>.Done { Value: var done })
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

    // Each in a scope of its own: one that fails spoils nothing of the next.
    [SuppressMessage("Design", "CA1031", Justification = "One that fails must not keep the others from being applied; it is logged, and its status says so.")]
    private async Task<WriteResult<BlueprintInstance>> ApplyAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<SaveBlueprint>().RunAsync(id, Itself, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogBroken(failure, id);
        }

        await using var fresh = scopes.CreateAsyncScope();
        return await fresh.ServiceProvider.GetRequiredService<SaveBlueprint>().FailedAsync(id, cancellationToken);
    }

    // Files that nobody has told of yet, unless they say that they wait to be.
    private async Task TakeUpAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GatehouseDb>();
        var known = await db.Blueprints.AsNoTracking().Select(b => new { b.Path, b.Name }).ToListAsync(cancellationToken);
        var (paths, names) = (known.Select(k => k.Path).ToHashSet(StringComparer.Ordinal), known.Select(k => k.Name).ToHashSet(StringComparer.Ordinal));
        foreach (var file in scope.ServiceProvider.GetRequiredService<BlueprintFiles>().All(f => !paths.Contains(f)))
        {
            if (!file.Text.Labels.Any(l => l is { Key: Instantiate, Value: "false" or "False" }))
            {
                await TakeUpAsync(file, IsName(file.Text.Name) && names.Add(file.Text.Name) ? file.Text.Name : file.Path, cancellationToken);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "One file that can't be kept must not hold up the others; it is logged, and tried again.")]
    private async Task TakeUpAsync(BlueprintFile file, string name, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var save = scope.ServiceProvider.GetRequiredService<SaveBlueprint>();
            if (await save.CreateAsync(new BlueprintFields { Name = name, Path = file.Path }, cancellationToken) is WriteResult<BlueprintInstance>.Done)
            {
                LogTaken(file.Path);
            }
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogLeft(failure, file.Path);
        }
    }

    // What the API would take for one.
    private static bool IsName(string name) => name.Length is > 0 and <= BlueprintFields.LongestName && !name.Contains('\0', StringComparison.Ordinal);

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

    [LoggerMessage(EventId = 5404, Level = LogLevel.Error, Message = "Blueprint {Id} failed while it was applied")]
    private partial void LogBroken(Exception failure, Guid id);

    [LoggerMessage(EventId = 5405, Level = LogLevel.Warning, Message = "Blueprint file {Path} can't be kept; trying again in a minute")]
    private partial void LogLeft(Exception failure, string path);
}
