using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.AuthentikV3;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Management.Blueprints;

/// <summary>One line of what applying a blueprint did.</summary>
internal sealed record BlueprintLog(DateTimeOffset At, string Level, string Text);

/// <summary>How applying ended. Without success nothing was changed.</summary>
internal sealed record BlueprintResult(bool IsSuccess, IReadOnlyList<BlueprintLog> Logs);

/// <summary>Makes the objects of a blueprint as it says, all or none: every entry runs through the route of the API that its model has, within one transaction.</summary>
internal sealed class ApplyBlueprint(AuthentikRoutes routes, IServiceProvider services, Writer writer, PasswordsAhead ahead, TimeProvider clock)
{
    private const int PageSize = 100;
    private const int MostPages = 100;

    /// <summary>
    /// Applies it as <paramref name="caller"/>, who must be a superuser. <paramref name="isKnown"/>: it was applied before, the very same. Then the
    /// passwords of users that are there stay as they are: hashing is slow on purpose, and a hash is another after the next sign-in.
    /// </summary>
    public async Task<BlueprintResult> RunAsync(BlueprintText blueprint, JsonObject context, ApiCaller caller, bool isKnown, CancellationToken cancellationToken)
    {
        // Which passwords it sets is known only when all before them was done, and nobody else can write while that is so. So one that sets some is
        // gone through and undone first; their hashes are made in between.
        var result = await RunAsync(blueprint, context, caller, isKnown, isRehearsal: true, cancellationToken);
        if (!ahead.AreWanted || result.Logs.Any(IsError))
        {
            ahead.Forget();
            return result;
        }

        ahead.MakeWanted(cancellationToken);
        return await RunAsync(blueprint, context, caller, isKnown, isRehearsal: false, cancellationToken);
    }

    private async Task<BlueprintResult> RunAsync(
        BlueprintText blueprint, JsonObject context, ApiCaller caller, bool isKnown, bool isRehearsal, CancellationToken cancellationToken)
    {
        List<BlueprintLog> logs = [];
        var isDone = await writer.RunAllAsync(
            Topic.Identity,
            async () =>
            {
                try
                {
                    await new Run(this, blueprint, caller, isKnown, isRehearsal, logs, cancellationToken).ApplyAsync(context);
                    return !ahead.AreWanted;
                }
                catch (BlueprintFaultException fault)
                {
                    logs.Add(new BlueprintLog(clock.GetUtcNow(), "error", fault.Message));
                    return false;
                }
            },
            cancellationToken);
        if (!isDone && !ahead.AreWanted && !logs.Exists(IsError))
        {
            logs.Add(new BlueprintLog(clock.GetUtcNow(), "error", "Somebody else is changing the installation; try again."));
        }

        return new BlueprintResult(isDone, logs);
    }

    private static bool IsError(BlueprintLog line) => line.Level == "error";

    private sealed class Run(
        ApplyBlueprint owner, BlueprintText blueprint, ApiCaller caller, bool isKnown, bool isRehearsal, List<BlueprintLog> logs, CancellationToken cancellationToken)
    {
        public async Task ApplyAsync(JsonObject given)
        {
            var scope = ScopeOf([]);
            var context = blueprint.Context is { } own ? await new BlueprintTags(scope).ReadAsync(own) as JsonObject ?? [] : [];
            foreach (var (name, value) in given)
            {
                context[name] = value?.DeepClone();
            }

            context["goauthentik.io/enterprise/licensed"] = false;
            scope = ScopeOf(context);
            var tags = new BlueprintTags(scope);
            foreach (var entry in blueprint.Entries)
            {
                await ApplyAsync(entry, tags, scope);
            }
        }

        private BlueprintScope ScopeOf(JsonObject context) => new()
        {
            Context = context,
            FindAsync = FindAsync,
            KeyOf = (model, found) => found[Known(model).Reference]?.DeepClone() ?? throw new BlueprintFaultException($"an object of {model} has no key"),
        };

        private async Task ApplyAsync(YamlMappingNode entry, BlueprintTags tags, BlueprintScope scope)
        {
            var model = (await Read("model"))?.ToString() ?? throw new BlueprintFaultException($"line {entry.Start.Line}: an entry without a model");
            if (model == "authentik_blueprints.metaapplyblueprint")
            {
                Log("info", "metaapplyblueprint: what is shipped is always there");
                return;
            }

            if (await Read("conditions") is JsonArray conditions && conditions.Any(c => c is null || c.ToJsonString() is "false" or "0" or "\"\"" or "[]" or "{}"))
            {
                Log("info", $"{model}: left out, its conditions do not hold");
                return;
            }

            if (await Read("permissions") is JsonArray { Count: > 0 })
            {
                throw new BlueprintFaultException($"line {entry.Start.Line}: permissions of single objects are not supported");
            }

            var identifiers = await Read("identifiers") as JsonObject ?? [];
            var attributes = await Read("attrs") as JsonObject ?? [];
            var made = await EnsureAsync(entry, model, (await Read("state"))?.ToString() ?? "present", identifiers, attributes);
            if (made is not null && (await Read("id"))?.ToString() is { } id)
            {
                scope.Keys[id] = scope.KeyOf(model, made);
            }

            async Task<JsonNode?> Read(string name) => BlueprintText.Member(entry, name) is { } node ? await tags.ReadAsync(node) : null;
        }

        private async Task<JsonObject?> EnsureAsync(YamlMappingNode entry, string model, string state, JsonObject identifiers, JsonObject attributes)
        {
            var kind = Known(model);
            if (identifiers.Count == 0)
            {
                throw new BlueprintFaultException($"line {entry.Start.Line}: an entry without identifiers");
            }

            var found = await FindAsync(model, identifiers);
            switch (state)
            {
                case "absent":
                    if (found is not null)
                    {
                        await CallAsync("DELETE", PathOf(kind, found), [], entry);
                        Log("info", $"{model}: removed");
                    }

                    return null;
                case "must_created" when found is not null:
                    throw new BlueprintFaultException($"line {entry.Start.Line}: {model} {identifiers.ToJsonString()} exists already");
                case "created" when found is not null:
                    return found;
                case "present" or "created" or "must_created":
                    return await SaveAsync(entry, model, kind, found, identifiers, attributes);
                default:
                    throw new BlueprintFaultException($"line {entry.Start.Line}: the state '{state}' is not known");
            }
        }

        private async Task<JsonObject> SaveAsync(YamlMappingNode entry, string model, BlueprintModel kind, JsonObject? found, JsonObject identifiers, JsonObject attributes)
        {
            var special = BlueprintSpecials.Take(model, attributes);
            var body = found is null ? (JsonObject)identifiers.DeepClone() : [];
            body.Remove("pk");
            foreach (var (name, value) in attributes)
            {
                body[name] = value?.DeepClone();
            }

            if (found is null && model == "authentik_core.user" && !body.ContainsKey("name"))
            {
                body["name"] = "";
            }

            // What is so already is left alone: it is applied every hour, and setting a password ends sessions.
            var isSo = found is not null && body.All(p => found.ContainsKey(p.Key) && IsSo(found[p.Key], p.Value));
            var saved = found is null ? await CallAsync("POST", kind.Path, body, entry)
                : isSo ? found
                : await CallAsync("PATCH", PathOf(kind, found), body, entry);
            foreach (var (action, details) in special)
            {
                if (!await IsLeftAsync(action, found, details))
                {
                    isSo = false;
                    await CallAsync("POST", PathOf(kind, saved) + action, details, entry);
                }
            }

            Log("info", $"{model}: {(found is null ? "made" : isSo ? "is so already" : "brought up to date")}");
            return saved;
        }

        // Also what is not set yet, but will be when its hash is made.
        private async Task<bool> IsLeftAsync(string action, JsonObject? found, JsonObject details)
        {
            if (found is not null && isKnown && BlueprintSpecials.IsPassword(action))
            {
                return true;
            }

            var db = owner.services.GetRequiredService<GatehouseDb>();
            if (BlueprintSpecials.PasswordOf(action, details) is not { } password)
            {
                return found is not null && await BlueprintSpecials.HoldsAsync(db, action, found, details, cancellationToken);
            }

            var kept = found is null ? null : await BlueprintSpecials.KeptAsync(db, found, cancellationToken);
            if (isRehearsal)
            {
                owner.ahead.Want(password, kept);
                return true;
            }

            return kept is not null && owner.ahead.Matches(password, kept);
        }

        private async Task<JsonObject> CallAsync(string method, string path, JsonObject body, YamlMappingNode entry)
        {
            // As strictly as what comes over HTTP: it may be nested too deep, or hold what no database keeps.
            var given = JsonBody.Parse(Encoding.UTF8.GetBytes(body.ToJsonString())) switch
            {
                JsonBody.Read read => read.Root,
                JsonBody.Malformed malformed => throw new BlueprintFaultException($"line {entry.Start.Line}: {method} {path} can't be asked: {malformed.Reason}"),
                _ => throw new UnreachableException(),
            };
            var answer = await owner.routes.Table.CallAsync(owner.services, caller, method, path, given, cancellationToken)
                ?? throw new BlueprintFaultException($"line {entry.Start.Line}: {method} {path} is not served here");
            return answer.Status < 400
                ? answer.Body as JsonObject ?? []
                : throw new BlueprintFaultException($"line {entry.Start.Line}: {method} {path} was refused: {answer.Body?.ToJsonString()}");
        }

        // Lists are walked: identifiers may be any field, filters exist for some.
        private async Task<JsonObject?> FindAsync(string model, JsonObject wanted)
        {
            var kind = Known(model);
            using var nothing = JsonDocument.Parse("{}");
            for (var page = 1; page <= MostPages; page++)
            {
                var path = $"{kind.Path}?superuser_full_list=true&page_size={PageSize}&page={page}";
                var answer = await owner.routes.Table.CallAsync(owner.services, caller, "GET", path, nothing.RootElement.Clone(), cancellationToken);
                if (answer?.Body?["results"] is not JsonArray results)
                {
                    throw new BlueprintFaultException($"objects of {model} are not served here");
                }

                if (results.OfType<JsonObject>().FirstOrDefault(o => Is(o, wanted)) is { } found)
                {
                    return (JsonObject)found.DeepClone();
                }

                if (answer.Body["pagination"]?["next"]?.GetValue<int>() is not > 0)
                {
                    return null;
                }
            }

            throw new BlueprintFaultException($"there are too many objects of {model} to look through");
        }

        // Answers fill in what was left out of an object in a list.
        private static bool IsSo(JsonNode? found, JsonNode? wanted) => JsonNode.DeepEquals(found, wanted)
            || (found is JsonArray have && wanted is JsonArray ask && have.Count == ask.Count && have.Zip(ask).All(p => JsonNode.DeepEquals(p.First, p.Second)
                || (p is (JsonObject whole, JsonObject part) && part.All(m => whole.ContainsKey(m.Key) && JsonNode.DeepEquals(whole[m.Key], m.Value)))));

        // authentik: all fields of the entry, or the key alone.
        private static bool Is(JsonObject found, JsonObject wanted) =>
            (wanted["pk"] is { } key && JsonNode.DeepEquals(found["pk"], key))
            || (wanted.Any(p => p.Key != "pk") && wanted.Where(p => p.Key != "pk").All(p => found.ContainsKey(p.Key) && JsonNode.DeepEquals(found[p.Key], p.Value)));

        private static BlueprintModel Known(string model) =>
            BlueprintModels.Find(model) ?? throw new BlueprintFaultException($"the model '{model}' is not known here");

        private static string PathOf(BlueprintModel kind, JsonObject found) => $"{kind.Path}{Uri.EscapeDataString(found[kind.Key]?.ToString() ?? "")}/";

        private void Log(string level, string text) => logs.Add(new BlueprintLog(owner.clock.GetUtcNow(), level, text));
    }

    private readonly AuthentikRoutes routes = routes;
    private readonly IServiceProvider services = services;
    private readonly PasswordsAhead ahead = ahead;
    private readonly TimeProvider clock = clock;
}
