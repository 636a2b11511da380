using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Providers;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/propertymappings/all/ (contract §4.12): mappings of every kind, in one list.</summary>
internal sealed class PropertyMappings(
    GatehouseDb db, DeleteScopeMapping deleteScope, SaveWebhookMapping webhooks, WebhookMappings texts, PreviewClaims preview, IEventRows rows, Actor actor)
{
    private const string Model = "PropertyMapping";
    private const string All = "/propertymappings/all/";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 4 };

    public static void Map(ApiRoutes routes) => routes
        .Get<PropertyMappings>(All, Need.FreshSuperuser, (m, r) => m.ListAsync(r))
        .Get<PropertyMappings>(All + "types/", Need.Superuser, (_, _) => Task.FromResult(Types()))
        .Get<PropertyMappings>(All + "{id}/", Need.FreshSuperuser, (m, r) => m.RetrieveAsync(r))
        .Delete<PropertyMappings>(All + "{id}/", Need.Superuser, (m, r) => m.DeleteAsync(r))
        .Post<PropertyMappings>(All + "{id}/test/", Need.Superuser, (m, r) => m.TestAsync(r));

    // Two tables, and few rows in each: put together here.
    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, managed, isUnmanaged, id) = (query.Text("name"), query.Texts("managed"), query.Flag("managed__isnull"), query.Id("pm_uuid"));
        var isBackwards = query.Word("ordering", ["name", "-name"]) == "-name";
        return query.AnswerAsync(
            async paging =>
            {
                var all = await db.ScopeMappings.AsNoTracking().Select(m => new Found(m.Id, m.Name, m.Managed, m, null)).ToListAsync(request.Aborted);
                all.AddRange(await db.WebhookMappings.AsNoTracking().Select(m => new Found(m.Id, m.Name, null, null, m)).ToListAsync(request.Aborted));
                var fitting = all.Where(m => (name is null || m.Name == name) && (id is null || m.Id == id) && (managed.Count == 0 || managed.Contains(m.Managed ?? ""))
                    && (isUnmanaged is null || (m.Managed is null) == isUnmanaged) && (query.Search is not { } text || m.Name.Contains(text, StringComparison.OrdinalIgnoreCase)));
                List<Found> sorted = [.. isBackwards ? fitting.OrderByDescending(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Id) : fitting.OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Id)];
                return new Slice<Found>([.. sorted.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], sorted.Count);
            },
            Base);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(await FindAsync(request), Model, Base);

    private async Task<IResult> DeleteAsync(ApiRequest request) => await FindAsync(request) switch
    {
        { Scope: not null } found => await Answer.OfAsync(await deleteScope.RunAsync(found.Id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent())),
        { } found => await Answer.OfAsync(await webhooks.DeleteAsync(found.Id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent())),
        null => Answer.NotFound(Model),
    };

    // Runs an expression, so it asks for the right to edit one (CVE-2026-25227).
    private async Task<IResult> TestAsync(ApiRequest request)
    {
        if (await FindAsync(request) is not { } mapping)
        {
            return Answer.NotFound(Model);
        }

        var body = new BodyFields(request.Body, nullIsAbsent: false);
        var user = body.NullableNumber("user").Or(null);
        var context = PolicyTestContext.Read(body);
        if (body.NullableId("group").Or(null) is not null)
        {
            body.Refuse("group", "Mappings are about users.");
        }

        if (mapping.Webhook is not null && context.Count > 0)
        {
            body.Refuse("context", "Webhook mappings see the notification and nothing else.");
        }

        if (user is { } wanted && !await db.Users.AnyAsync(u => u.Id == wanted, request.Aborted))
        {
            body.Refuse("user", $"Invalid pk \"{wanted}\" - object does not exist.");
        }

        if (body.Faults.Count > 0)
        {
            return Answer.Refused(body.Faults);
        }

        var (isSuccessful, result) = mapping.Scope is { } scope
            ? await preview.TryAsync(scope, user, context, request.ClientIp, request.Aborted)
            : await TryAsync(mapping.Webhook!, user, request.Aborted); // one of the two
        var formatted = isSuccessful && new ListQuery(request.Query).Flag("format_result") == true ? JsonNode.Parse(result)?.ToJsonString(Indented) ?? "null" : result;
        return Answer.Ok(new JsonObject { ["result"] = formatted, ["successful"] = isSuccessful });
    }

    // As a test of the transport would send it.
    private async Task<(bool IsSuccessful, string Result)> TryAsync(WebhookMapping mapping, int? user, CancellationToken cancellationToken)
    {
        var to = user is { } id ? await db.PersonAsync(id, cancellationToken) : PersonFacts.Nobody;
        var happened = rows.RowOf(actor.Event("custom_test", new JsonObject { ["message"] = "This is a test of a mapping." }));
        return texts.TryRun(texts.TextOf(mapping), to, Guid.CreateVersion7(), happened, Severity.Notice, out var made, out var fault) ? (true, made?.ToJsonString() ?? "null") : (false, fault ?? "");
    }

    private async Task<Found?> FindAsync(ApiRequest request) =>
        request.RouteGuid("id") is not { } id ? null
        : await db.ScopeMappings.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, request.Aborted) is { } scope ? new Found(id, scope.Name, scope.Managed, scope, null)
        : await db.WebhookMappings.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, request.Aborted) is { } webhook ? new Found(id, webhook.Name, null, null, webhook)
        : null;

    private JsonObject Base(Found found) => found.Scope is { } scope ? ScopeMappings.Base(scope) : new JsonObject
    {
        ["pk"] = found.Id.ToString(),
        ["managed"] = null,
        ["name"] = found.Name,
        ["expression"] = texts.TextOf(found.Webhook!), // one of the two
        ["component"] = "ak-property-mapping-notification-form",
        ["verbose_name"] = "Webhook Mapping",
        ["verbose_name_plural"] = "Webhook Mappings",
        ["meta_model_name"] = "authentik_events.notificationwebhookmapping",
    };

    private static IResult Types() => Answer.Ok(new JsonArray(
        Type("Scope Mapping", "Maps a scope to claims.", "ak-property-mapping-provider-scope-form", "scopemapping"),
        Type("Webhook Mapping", "Makes the body or the headers of what a webhook is sent.", "ak-property-mapping-notification-form", "notificationwebhookmapping")));

    private static JsonObject Type(string name, string description, string component, string model) => new()
    {
        ["name"] = name,
        ["description"] = description,
        ["component"] = component,
        ["model_name"] = model,
        ["icon_url"] = null,
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    };

    private sealed record Found(Guid Id, string Name, string? Managed, ScopeMapping? Scope, WebhookMapping? Webhook);
}
