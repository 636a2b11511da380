using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gatehouse.Logging;
using Gatehouse.Management.Policies;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies.Lint;
using Gatehouse.Model.Policies.Replay;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse policy lint</c> and <c>gatehouse policy replay FILE</c>: what policies do, and what changed ones would have done.</summary>
internal static class PolicyVerb
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private static readonly TimeSpan UsualSince = TimeSpan.FromDays(14);

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("policy", "Look for odd policies, or try changed ones on past decisions.") { CreateLint(shell), CreateReplay(shell) };

    private static Command CreateLint(Shell shell)
    {
        var (data, database, json) = (Flags.Data(), Flags.Database(), Flags.Json());
        var command = new Command("lint", "Warn of policies that nobody meets, that never decide, or that let in anybody. Refuses nothing.") { data, database, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var asJson = Flags.Read(parsed, json, shell, faults);
            return StoreVerb.RunAsync(parsed, data, database, shell, "policy lint", faults, services => LintAsync(services, asJson, shell, cancellationToken));
        });
        return command;
    }

    private static Command CreateReplay(Shell shell)
    {
        var file = new Argument<string>("file")
        {
            HelpName = "FILE",
            Description = "JSON: policies as the API has them, each with the id of the one it changes, or {\"app\": \"host\", \"policies\": [...]} for all of an application.",
        };
        var since = Flags.Text("--since", "AGE", "How far back, such as 14d or 36h. Default: 14d");
        var (data, database, json) = (Flags.Data(), Flags.Database(), Flags.Json());
        var command = new Command("replay", "Run changed policies over the recorded decisions and tell whom they would newly allow or deny. Changes nothing.") { file, since, data, database, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var asJson = Flags.Read(parsed, json, shell, faults);
            var age = Flags.Read(parsed, since, shell) is { } text ? ReadAge(text, faults) : UsualSince;
            using var policies = ReadFile(parsed.GetRequiredValue(file), faults);
            var root = policies?.RootElement.Clone() ?? default;
            return StoreVerb.RunAsync(
                parsed, data, database, shell, "policy replay", faults, services => ReplayAsync(services, root, shell.Clock.GetUtcNow() - age, asJson, shell, cancellationToken));
        });
        return command;
    }

    private static async Task<int> LintAsync(IServiceProvider services, bool json, Shell shell, CancellationToken cancellationToken)
    {
        // A database of places is the running server's; here countries are taken to be known.
        var lint = new LintPolicies(services.GetRequiredService<IDbContextFactory<GatehouseDb>>(), new AllPlaces());
        var warnings = await lint.RunAsync(cancellationToken);
        if (json)
        {
            await shell.Output.WriteLineAsync(JsonSerializer.Serialize(
                warnings.Select(w => new { w.App, Kind = PolicyLinter.WordOf(w.Warning.Kind), w.Warning.PolicyId, w.Warning.Policy, w.Warning.Text, w.Warning.Witness }), Indented));
            return ExitCode.Done;
        }

        foreach (var (app, warning) in warnings)
        {
            await shell.Output.WriteLineAsync(LogText.Escape($"{app}: {PolicyLinter.WordOf(warning.Kind)}: {warning.Text}"));
            await shell.Output.WriteLineAsync(LogText.Escape($"    witness: {warning.Witness}"));
        }

        await shell.Output.WriteLineAsync(warnings.Count == 0 ? "No policy looks odd." : $"{warnings.Count} warning(s).");
        return ExitCode.Done;
    }

    private static async Task<int> ReplayAsync(IServiceProvider services, JsonElement file, DateTimeOffset since, bool json, Shell shell, CancellationToken cancellationToken)
    {
        var replay = new ReplayPolicies(services.GetRequiredService<IDbContextFactory<GatehouseDb>>());
        switch (await replay.RunAsync(file, since, cancellationToken))
        {
            case ReplayResult.Refused refused:
                return shell.Fail(string.Join("; ", refused.Faults.Select(LogText.Escape)));
            case ReplayResult.Done { Report: var report } when json:
                await shell.Output.WriteLineAsync(JsonSerializer.Serialize(report, Indented));
                return ExitCode.Done;
            case ReplayResult.Done { Report: var report }:
                await PrintAsync(report, shell);
                return ExitCode.Done;
            default:
                throw new UnreachableException();
        }
    }

    private static async Task PrintAsync(ReplayReport report, Shell shell)
    {
        foreach (var change in report.Changes)
        {
            await shell.Output.WriteLineAsync(LogText.Escape(
                $"{(change.IsAllowed ? "newly allowed" : "newly denied")}: {change.Who} at {change.App} ({change.Count} time(s), last {change.LastAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC, decision {change.LastId}): {change.Why}"));
        }

        await shell.Output.WriteLineAsync(
            $"{report.Judged} decision(s) judged, {report.Changes.Count(c => c.IsAllowed)} newly allowed, {report.Changes.Count(c => !c.IsAllowed)} newly denied; {report.Skipped} could not be judged.");
    }

    private static TimeSpan ReadAge(string text, List<string> faults)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 10_000)
        {
            switch (text[^1])
            {
                case 'd':
                    return TimeSpan.FromDays(count);
                case 'h':
                    return TimeSpan.FromHours(count);
                case 'm':
                    return TimeSpan.FromMinutes(count);
            }
        }

        faults.Add($"--since '{LogText.Escape(text)}' is no age; expected a number of days, hours or minutes such as 14d, 36h or 90m");
        return UsualSince;
    }

    private static JsonDocument? ReadFile(string path, List<string> faults)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonDocument.Parse(stream, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            faults.Add($"{LogText.Escape(path)} can't be read as JSON: {LogText.Escape(fault.Message)}");
            return null;
        }
    }

    private sealed class AllPlaces : IGeoReader
    {
        public bool IsAvailable => true;

        public GeoFacts? Find(System.Net.IPAddress address) => null;
    }
}
