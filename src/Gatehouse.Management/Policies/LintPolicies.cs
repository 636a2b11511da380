using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Policies.Lint;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>A warning of the linter and the app it is about.</summary>
public sealed record AppWarning(string App, LintWarning Warning);

/// <summary>Runs the linter over what is stored.</summary>
public sealed class LintPolicies(IDbContextFactory<GatehouseDb> databases, IGeoReader places)
{
    /// <summary>What is odd in all apps, in the order of their names.</summary>
    public async Task<IReadOnlyList<AppWarning>> RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var table = await PolicyTable.ReadAsync(db, places.IsAvailable, cancellationToken);
        var published = await table.PublishedAsync(db, cancellationToken);
        return
        [
            .. from app in published.AppsByAud.Values
               orderby app.App.Name, app.App.Id
               from warning in PolicyLinter.Check(app).Concat(PolicyLinter.CheckWildcards(app, published))
               select new AppWarning(app.App.Name, warning),
        ];
    }

    /// <summary>What is odd about one app, as sentences for an API's answer; empty when there is no such app.</summary>
    internal async Task<IReadOnlyList<string>> OfAppAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var table = await PolicyTable.ReadAsync(db, places.IsAvailable, cancellationToken);
        var published = await table.PublishedAsync(db, cancellationToken);
        return published.AppsByAud.Values.SingleOrDefault(a => a.App.Id == id) is { } app
            ? Sentences([.. PolicyLinter.Check(app), .. PolicyLinter.CheckWildcards(app, published)])
            : [];
    }

    /// <summary>What tunnels publish beneath the wildcards of apps, and nobody covers.</summary>
    internal async Task<IReadOnlyList<string>> OfWildcardsAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var table = await PolicyTable.ReadAsync(db, places.IsAvailable, cancellationToken);
        var published = await table.PublishedAsync(db, cancellationToken);
        return Sentences([.. published.AppsByAud.Values.OrderBy(a => a.App.Name, StringComparer.Ordinal).SelectMany(a => PolicyLinter.CheckWildcards(a, published))]);
    }

    /// <summary>What is odd about a policy by itself.</summary>
    internal async Task<IReadOnlyList<string>> OfPolicyAsync(Policy policy, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var table = await PolicyTable.ReadAsync(db, places.IsAvailable, cancellationToken);
        return Sentences(PolicyLinter.Check(table.Compile([policy])));
    }

    private static List<string> Sentences(IReadOnlyList<LintWarning> warnings) =>
        [.. warnings.Select(w => $"{PolicyLinter.WordOf(w.Kind)}: {w.Text} Witness: {w.Witness}")];
}
