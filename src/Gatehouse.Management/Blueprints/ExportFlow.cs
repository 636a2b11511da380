using System.Text.Json.Nodes;
using Gatehouse.Management.AuthentikV3;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Stages;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Blueprints;

/// <summary>
/// Writes a flow with its stages, prompts, policies and bindings as a blueprint. Objects are named by their names, never by their keys, so that it
/// makes the same flow elsewhere. Secrets of stages are left out.
/// </summary>
internal sealed class ExportFlow(GatehouseDb db)
{
    /// <summary>The text; null when there is no such flow.</summary>
    /// <exception cref="BlueprintFaultException">The flow names something that is gone: what would be written were less strict.</exception>
    public async Task<string?> RunAsync(string slug, CancellationToken cancellationToken)
    {
        if (await db.Flows.AsNoTracking().Include(f => f.Bindings).SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken) is not { } flow)
        {
            return null;
        }

        var run = new Run(db, flow, cancellationToken);
        await run.WriteAsync();
        return BlueprintYaml.Write($"Export of {flow.Slug}", run.Entries);
    }

    private sealed class Run(GatehouseDb db, Flow flow, CancellationToken cancellationToken)
    {
        private readonly Dictionary<Guid, string> written = [];
        private readonly HashSet<Guid> begun = [];

        public List<BlueprintEntry> Entries { get; } = [];

        public async Task WriteAsync()
        {
            var body = FlowBody.Of(flow);
            Add(
                flow.Id, "flow", "authentik_flows.flow", [("slug", Text(flow.Slug))],
                Taken(body, "name", "title", "designation", "authentication", "denied_action", "layout", "background", "policy_engine_mode", "compatibility_mode"));
            await AddRulesAsync(flow.Id);
            foreach (var binding in flow.Bindings.OrderBy(b => b.Order).ThenBy(b => b.Id))
            {
                var stage = await StageAsync(binding.StageId);
                Add(
                    binding.Id, "place", "authentik_flows.flowstagebinding", [("target", KeyOf(flow.Id)), ("stage", stage), ("order", JsonValue.Create(binding.Order))],
                    Taken(FlowBody.Of(binding, null), "evaluate_on_plan", "re_evaluate_policies", "policy_engine_mode", "invalid_response_action"));
                await AddRulesAsync(binding.Id);
            }
        }

        private async Task<BlueprintTag> StageAsync(Guid id)
        {
            if (written.ContainsKey(id))
            {
                return KeyOf(id);
            }

            var stage = await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id, cancellationToken) ?? throw Gone("a stage");
            var kind = StageKinds.Of(stage.Type);
            if (!begun.Add(id))
            {
                return Find(kind.Model, "name", stage.Name); // stages that name each other: the second time it is there
            }

            var body = StageBody.Of(new StageFacts(stage, []));
            List<(string Name, object? Value)> attributes = [];
            foreach (var field in kind.Fields.Where(f => !f.IsSecret))
            {
                attributes.Add((field.Name, field switch
                {
                    ReferenceField one => await ReferAsync(one.Target, stage.Setting(one)),
                    ReferencesField many => await ReferAsync(many.Target, stage.Setting(many)),
                    _ => body[field.Name],
                }));
            }

            Add(id, "stage", kind.Model, [("name", Text(stage.Name))], attributes);
            return KeyOf(id);
        }

        private async Task<object?> ReferAsync(StageReference target, Guid? id) => id is { } given ? await ReferAsync(target, given) : null;

        private async Task<object?> ReferAsync(StageReference target, IReadOnlyList<Guid> ids)
        {
            List<object?> items = [];
            foreach (var id in ids)
            {
                items.Add(await ReferAsync(target, id));
            }

            return items;
        }

        private async Task<object?> ReferAsync(StageReference target, Guid id) => target switch
        {
            StageReference.Flow when id == flow.Id => KeyOf(id),
            StageReference.Flow => Find("authentik_flows.flow", "slug", await db.Flows.Where(f => f.Id == id).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken)),
            StageReference.Stage or StageReference.PasswordStage => await StageAsync(id),
            StageReference.Prompt => await PromptAsync(id),
            StageReference.Policy => await PolicyAsync(id),
            StageReference.Group => Find("authentik_core.group", "name", await db.Groups.Where(g => g.Id == id).Select(g => g.Name).SingleOrDefaultAsync(cancellationToken)),
            _ => null,
        };

        private async Task<BlueprintTag> PromptAsync(Guid id)
        {
            if (!written.ContainsKey(id))
            {
                var field = await db.PromptFields.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken) ?? throw Gone("a prompt");
                Add(id, "prompt", "authentik_stages_prompt.prompt", [("name", Text(field.Name))], Of(field));
            }

            return KeyOf(id);
        }

        private async Task<BlueprintTag> PolicyAsync(Guid id)
        {
            if (!written.ContainsKey(id))
            {
                var policy = await db.IdentityPolicies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken) ?? throw Gone("a policy");
                var settings = (JsonObject)JsonNode.Parse(policy.SettingsJson)!; // written here
                Add(
                    id, "policy", PolicyShape.Of(policy.Kind).ModelName, [("name", Text(policy.Name))],
                    [("execution_logging", JsonValue.Create(policy.LogsRuns)), .. settings.Select(s => (s.Key, (object?)s.Value))]);
            }

            return KeyOf(id);
        }

        private async Task AddRulesAsync(Guid target)
        {
            foreach (var binding in await db.PolicyBindings.AsNoTracking().Where(b => b.TargetId == target).OrderBy(b => b.Order).ThenBy(b => b.Id).ToListAsync(cancellationToken))
            {
                var named = await NamedAsync(binding);
                Add(
                    binding.Id, "rule", "authentik_policies.policybinding", [("target", KeyOf(target)), named, ("order", JsonValue.Create(binding.Order))],
                    [
                        ("enabled", JsonValue.Create(binding.IsEnabled)), ("negate", JsonValue.Create(binding.IsNegated)), ("timeout", JsonValue.Create(binding.Timeout)),
                        ("failure_result", JsonValue.Create(binding.FailureResult)),
                    ]);
            }
        }

        private async Task<(string Name, object? Value)> NamedAsync(PolicyBinding binding) => binding switch
        {
            { PolicyId: { } policy } => ("policy", await PolicyAsync(policy)),
            { GroupId: { } group } => ("group", await ReferAsync(StageReference.Group, group)),
            { UserId: { } user } => ("user", Find("authentik_core.user", "username", await db.Users.Where(u => u.Id == user).Select(u => u.Username).SingleOrDefaultAsync(cancellationToken))),
            _ => throw Gone("a policy, group or user"),
        };

        private void Add(Guid key, string word, string model, IReadOnlyList<(string Name, object? Value)> identifiers, IReadOnlyList<(string Name, object? Value)> attributes)
        {
            var id = word == "flow" ? word : $"{word}-{Entries.Count(e => e.Id.StartsWith(word + "-", StringComparison.Ordinal)) + 1}";
            written[key] = id;
            Entries.Add(new BlueprintEntry(model, id, identifiers, attributes));
        }

        private BlueprintTag KeyOf(Guid key) => new("!KeyOf", JsonValue.Create(written[key]));

        private BlueprintFaultException Gone(string what) => new($"The flow \"{flow.Slug}\" names {what} that is gone. Mend it first.");

        private BlueprintTag Find(string model, string field, string? value) =>
            new("!Find", new JsonArray(model, new JsonArray(field, value ?? throw Gone(model))));

        private static JsonValue Text(string text) => JsonValue.Create(text);

        private static List<(string Name, object? Value)> Taken(JsonObject body, params IReadOnlyList<string> names) => [.. names.Select(n => (n, (object?)body[n]))];

        private static List<(string Name, object? Value)> Of(PromptField field) =>
        [
            ("field_key", Text(field.FieldKey)), ("label", Text(field.Label)), ("type", Text(field.Type)), ("required", JsonValue.Create(field.IsRequired)),
            ("placeholder", Text(field.Placeholder)), ("placeholder_expression", JsonValue.Create(field.PlaceholderIsExpression)),
            ("initial_value", Text(field.InitialValue)), ("initial_value_expression", JsonValue.Create(field.InitialValueIsExpression)),
            ("order", JsonValue.Create(field.Order)), ("sub_text", Text(field.SubText)),
        ];
    }
}
