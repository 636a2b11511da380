using System.Text.Json;
using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Prompts;

/// <summary>Asks the policies that a prompt stage names: each has to pass, and one that faults or is gone does not.</summary>
internal sealed class PromptPolicies(GatehouseDb db, PolicyEngine engine) : IPromptCheck
{
    private const string Refusal = "These answers are not allowed here.";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> FaultsAsync(
        FlowRun run, Stage stage, IReadOnlyList<Guid> policies, IReadOnlyDictionary<string, JsonElement> answers, CancellationToken cancellationToken)
    {
        var ids = policies.Distinct().ToList();
        var found = await db.IdentityPolicies.AsNoTracking().Where(p => ids.Contains(p.Id)).OrderBy(p => p.Name).ToListAsync(cancellationToken);
        if (found.Count < ids.Count)
        {
            return ["A rule for these answers is missing. Ask your administrator."];
        }

        var subject = new PolicySubject(run.PendingUserId ?? 0, ClientAddress.Of(run.Http).ToString(), ContextOf(run, answers));
        List<string> faults = [];
        foreach (var policy in found)
        {
            var outcome = await engine.TestAsync(policy, subject, cancellationToken);
            if (!outcome.IsPassing || outcome.Fault is not null)
            {
                faults.AddRange(outcome.Messages is { Count: > 0 } messages ? messages : [Refusal]);
            }
        }

        return faults;
    }

    // Password policies look a field up by its name; what is known of the request outweighs an answer of the same name.
    private static Dictionary<string, object> ContextOf(FlowRun run, IReadOnlyDictionary<string, JsonElement> answers)
    {
        var data = answers.Where(a => a.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)).ToDictionary(a => a.Key, a => Plain(a.Value));
        return new Dictionary<string, object>(data) { ["prompt_data"] = data, ["http_request"] = HttpFacts.Of(run.Http) };
    }

    private static object Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetRawText(),
    };
}
