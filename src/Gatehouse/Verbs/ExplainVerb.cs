using System.CommandLine;
using Gatehouse.Logging;
using Gatehouse.Model.Audit;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse explain ID</c>: why a request was allowed or denied.</summary>
internal static class ExplainVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var id = new Argument<string>("decision-id") { HelpName = "DECISION-ID", Description = "As shown to the visitor: 16 hex digits." };
        var (data, database, json) = (Flags.Data(), Flags.Database(), Flags.Json());
        var command = new Command("explain", "Say why a request was allowed or denied.") { id, data, database, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var asJson = Flags.Read(parsed, json, shell, faults);
            var decision = parsed.GetRequiredValue(id).ToLowerInvariant();
            if (decision.Length != 16 || !decision.All(char.IsAsciiHexDigit))
            {
                faults.Add($"'{LogText.Escape(decision)}' is no decision id; expected 16 hex digits");
            }

            return StoreVerb.RunAsync(parsed, data, database, shell, "explain", faults, services => ExplainAsync(services, decision, asJson, shell, cancellationToken));
        });
        return command;
    }

    private static async Task<int> ExplainAsync(IServiceProvider services, string id, bool json, Shell shell, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContextAsync(cancellationToken);
        var record = await db.Decisions.AsNoTracking().SingleOrDefaultAsync(d => d.Id == id, cancellationToken);
        if (record is null)
        {
            return shell.Fail($"there is no decision {id} in this data; look at the page that was shown, or at the log, for the whole id");
        }

        await shell.Output.WriteLineAsync(json ? Explanation.Json(record) : DecisionText.Render(record).TrimEnd());
        return ExitCode.Done;
    }
}
