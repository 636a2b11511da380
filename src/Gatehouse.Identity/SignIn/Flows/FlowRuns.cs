using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Looks at runs without moving them on: for administrators who try a flow out.</summary>
internal sealed class FlowRuns(GatehouseDb db, FlowPlans plans, FlowPolicies policies, BrowserSessions sessions, CrossSite crossSite) : IFlowRuns
{
    /// <inheritdoc/>
    public async Task<FlowProgress?> FindAsync(HttpContext context, string slug, string query, CancellationToken cancellationToken)
    {
        if (crossSite.IsForeign(context.Request) || BrowserSessions.KeyOf(context.Request) is not { } key || FlowQuery.Read(query) is not { } read
            || await db.Flows.AsNoTracking().Include(f => f.Bindings).ThenInclude(b => b.Stage).SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken) is not { } flow)
        {
            return null;
        }

        // A run has a row from its first answer on; before that it stands at its beginning.
        var state = (await plans.FindAsync(FlowPlans.IdOf(key, slug, read.Raw), cancellationToken))?.State
            ?? new FlowState { Remaining = (await policies.PlanAsync(flow, await sessions.FindAsync(context.Request, cancellationToken), cancellationToken)).ConvertAll(b => b.Id) };
        List<Guid> remaining = [.. state.Remaining.Where(id => flow.Bindings.Exists(b => b.Id == id))];
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
        return remaining.Count == 0 ? null : new FlowProgress(name, remaining, await ContextAsync(state, cancellationToken)) { History = await HistoryAsync(name, state, flow, remaining, cancellationToken) };
    }

    // Each as it stood before its stage was left behind: the stages from there on, and who was known by then. Answers to prompts are not kept for it.
    private async Task<List<FlowProgress>> HistoryAsync(string name, FlowState state, Flow flow, List<Guid> remaining, CancellationToken cancellationToken)
    {
        var passed = state.Passed.FindAll(p => flow.Bindings.Exists(b => b.Id == p.Binding));
        var history = new List<FlowProgress>();
        for (var at = 0; at < passed.Count; at++)
        {
            var known = at == 0 ? new FlowState() : new FlowState { Identifier = passed[at - 1].Identifier, UserId = passed[at - 1].UserId, Amr = passed[at - 1].Amr };
            history.Add(new FlowProgress(name, [.. passed.Skip(at).Select(p => p.Binding), .. remaining], await ContextAsync(known, cancellationToken)));
        }

        return history;
    }

    // authentik's names. What was proved is among it; marks and hashes of passwords are not.
    private async Task<JsonObject> ContextAsync(FlowState state, CancellationToken cancellationToken)
    {
        var user = await db.Users.AsNoTracking().Where(u => u.Id == state.UserId).Select(u => new { u.Id, u.Username, u.Name, u.Email }).SingleOrDefaultAsync(cancellationToken);
        return new JsonObject
        {
            ["pending_user_identifier"] = state.Identifier,
            ["pending_user"] = user is null ? null : new JsonObject { ["pk"] = user.Id, ["username"] = user.Username, ["name"] = user.Name, ["email"] = user.Email },
            ["auth_method_args"] = new JsonObject { ["amr"] = new JsonArray([.. state.Amr.Select(a => JsonValue.Create(a))]) },
            ["prompt_data"] = new JsonObject(state.Data.Concat(state.Fixed).DistinctBy(p => p.Key).Select(p => KeyValuePair.Create(p.Key, NodeOf(p.Value)))),
            ["is_restored"] = state.IsLinked,
        };
    }

    private static JsonNode? NodeOf(JsonElement value) => JsonNode.Parse(value.GetRawText());
}
