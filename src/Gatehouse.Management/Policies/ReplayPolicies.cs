using System.Text.Json;
using Gatehouse.Management.CloudflareV4;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Policies.Replay;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>How a replay ended.</summary>
public abstract record ReplayResult
{
    private ReplayResult()
    {
    }

    /// <summary>It ran.</summary>
    public sealed record Done(ReplayReport Report) : ReplayResult;

    /// <summary>The file asks for something that can't be.</summary>
    public sealed record Refused(IReadOnlyList<string> Faults) : ReplayResult;
}

/// <summary>Runs changed policies over the recorded decisions. Changes nothing.</summary>
public sealed class ReplayPolicies(IDbContextFactory<GatehouseDb> databases)
{
    private const int Batch = 1000;

    /// <summary>
    /// Runs the policies of <paramref name="file"/> over decisions since <paramref name="since"/>. The file holds one entry or a list of them, each a
    /// policy with the <c>id</c> of the stored one that it changes, or an app and all its policies: <c>{"app": ..., "policies": [...]}</c>.
    /// </summary>
    public async Task<ReplayResult> RunAsync(JsonElement file, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // Countries were written down when they were known, so they can be judged without a database of places.
        var table = await PolicyTable.ReadAsync(db, knowsPlaces: true, cancellationToken);
        var now = table.Compile(table.Apps);
        var faults = new List<string>();
        var changed = (await PolicyTable.ReadAsync(db, knowsPlaces: true, cancellationToken)).Apps;
        foreach (var (index, entry) in (file.ValueKind == JsonValueKind.Array ? [.. file.EnumerateArray()] : new[] { file }).Index())
        {
            Apply(entry, changed, faults, $"entry {index + 1}");
        }

        if (faults.Count > 0)
        {
            return new ReplayResult.Refused(faults);
        }

        var replay = new PolicyReplay(now, table.Compile(changed));
        var decisions = db.Decisions.AsNoTracking().Where(d => d.At >= since).OrderBy(d => d.At).ThenBy(d => d.Id);
        for (var done = 0; ; done += Batch)
        {
            var part = await decisions.Skip(done).Take(Batch).ToListAsync(cancellationToken);
            part.ForEach(replay.Add);
            if (part.Count < Batch)
            {
                return new ReplayResult.Done(replay.Report());
            }
        }
    }

    private static void Apply(JsonElement entry, List<App> apps, List<string> faults, string where)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"{where} is no object");
            return;
        }

        var fields = new BodyFields(entry, nullIsAbsent: true);
        if (fields.Text("app", 2000).Is(out var name))
        {
            ApplyToApp(fields, name, apps, faults, where);
        }
        else if (!fields.Id("id").Is(out var id))
        {
            faults.Add($"{where} names neither the id of a policy nor an app");
        }
        else if (apps.SelectMany(a => a.Policies).Where(l => l.PolicyId == id).ToList() is not { Count: > 0 } links)
        {
            faults.Add($"{where}: no application has a policy {id}");
        }
        else if (Read(fields, faults, where) is { } policy)
        {
            links.ForEach(l => l.Policy = policy);
        }
    }

    private static void ApplyToApp(BodyFields fields, string name, List<App> apps, List<string> faults, string where)
    {
        if (apps.Find(a => a.Id.ToString() == name || a.Aud == name || a.Name == name || a.Domains.Contains(name, StringComparer.OrdinalIgnoreCase)) is not { } app)
        {
            faults.Add($"{where}: there is no application '{name}'");
            return;
        }

        var policies = new List<AppPolicy>();
        foreach (var (index, element) in fields.Require("policies").Elements("policies").Or([]).Index())
        {
            if (element.ValueKind == JsonValueKind.Object && Read(new BodyFields(element, nullIsAbsent: true), faults, $"{where}, policy {index + 1}") is { } policy)
            {
                policies.Add(new AppPolicy { AppId = app.Id, PolicyId = policy.Id, Policy = policy, Precedence = index + 1 });
            }
            else if (element.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{where}, policy {index + 1} is no object");
            }
        }

        faults.AddRange(fields.Faults.Select(f => Say(f, where)));
        app.Policies = policies;
    }

    private static Policy? Read(BodyFields fields, List<string> faults, string where)
    {
        var draft = PolicyBody.Read(fields);
        faults.AddRange(fields.Faults.Select(f => Say(f, where)));
        return fields.Faults.Count > 0 ? null : draft.Make(isReusable: false, DateTimeOffset.UnixEpoch);
    }

    private static string Say(Fault fault, string where) => $"{where}: {(fault.Field.Length > 0 ? fault.Field + ": " : "")}{fault.Text}";
}
