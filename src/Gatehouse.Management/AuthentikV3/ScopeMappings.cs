using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Providers;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/propertymappings/provider/scope/ and /propertymappings/all/ (contract §4.12).</summary>
internal sealed class ScopeMappings(GatehouseDb db, ScopeMappingDirectory directory, SaveScopeMapping save, DeleteScopeMapping delete, PreviewClaims preview)
{
    private const string Model = "ScopeMapping";
    private const string Scope = "/propertymappings/provider/scope/";
    private const string All = "/propertymappings/all/";
    private const string Description = "Maps a scope to claims.";

    private static readonly Ordering<ScopeMapping> Orders = new(
        ("scope_name", m => m.ScopeName), ("name", m => m.Name), ("managed", m => m.Managed), ("pk", m => m.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<ScopeMappings>(Scope, Need.Superuser, (m, r) => m.ListAsync(r, Body))
        .Post<ScopeMappings>(Scope, Need.Superuser, (m, r) => m.CreateAsync(r))
        .Get<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.RetrieveAsync(r, Body))
        .Put<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.UpdateAsync(r, isPartial: false))
        .Patch<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.UpdateAsync(r, isPartial: true))
        .Delete<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.DeleteAsync(r))
        .Get<ScopeMappings>(All, Need.Superuser, (m, r) => m.ListAsync(r, Base))
        .Get<ScopeMappings>(All + "types/", Need.Superuser, (_, _) => Task.FromResult(Types()))
        .Get<ScopeMappings>(All + "{id}/", Need.Superuser, (m, r) => m.RetrieveAsync(r, Base))
        .Delete<ScopeMappings>(All + "{id}/", Need.Superuser, (m, r) => m.DeleteAsync(r))
        .Post<ScopeMappings>(All + "{id}/test/", Need.Superuser, (m, r) => m.TestAsync(r));

    private Task<IResult> ListAsync(ApiRequest request, Func<ScopeMapping, JsonObject> body)
    {
        var query = new ListQuery(request.Query);
        var filter = new ScopeMappingFilter
        {
            Name = query.Text("name"),
            ScopeName = query.Text("scope_name"),
            Managed = query.Texts("managed"),
            IsUnmanaged = query.Flag("managed__isnull"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request, Func<ScopeMapping, JsonObject> body) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "expression", "scope_name");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, mapping => Task.FromResult<IResult>(new JsonAnswer(201, Body(mapping))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "expression", "scope_name");
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, mapping => Task.FromResult(Answer.Ok(Body(mapping))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    // Runs an expression, so it asks for the right to edit one (CVE-2026-25227).
    private async Task<IResult> TestAsync(ApiRequest request)
    {
        if (request.RouteGuid("id") is not { } id || await directory.FindAsync(id, request.Aborted) is not { } mapping)
        {
            return Answer.NotFound(Model);
        }

        var body = new BodyFields(request.Body, nullIsAbsent: false);
        var user = body.NullableNumber("user").Or(null);
        var context = PolicyTestContext.Read(body);
        if (body.NullableId("group").Or(null) is not null)
        {
            body.Refuse("group", "Scope mappings are about users.");
        }

        if (user is { } wanted && !await db.Users.AnyAsync(u => u.Id == wanted, request.Aborted))
        {
            body.Refuse("user", $"Invalid pk \"{wanted}\" - object does not exist.");
        }

        if (body.Faults.Count > 0)
        {
            return Answer.Refused(body.Faults);
        }

        var (isSuccessful, result) = await preview.TryAsync(mapping, user, context, request.ClientIp, request.Aborted);
        var formatted = isSuccessful && new ListQuery(request.Query).Flag("format_result") == true ? Indent(result) : result;
        return Answer.Ok(new JsonObject { ["result"] = formatted, ["successful"] = isSuccessful });
    }

    private static string Indent(string json) => JsonNode.Parse(json)?.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true, IndentSize = 4 }) ?? "null";

    private static IResult Types() => Answer.Ok(new JsonArray(new JsonObject
    {
        ["name"] = "Scope Mapping",
        ["description"] = Description,
        ["component"] = "ak-property-mapping-provider-scope-form",
        ["model_name"] = "scopemapping",
        ["icon_url"] = null,
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    }));

    private static ScopeMappingFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 1000, mayBeBlank: false),
        ScopeName = body.Text("scope_name", 255, mayBeBlank: false),
        Managed = body.NullableText("managed", 255),
        Description = body.Text("description", 10_000),
        Expression = body.Text("expression", 16 * 1024, mayBeBlank: false),
    };

    private static JsonObject Base(ScopeMapping mapping) => new()
    {
        ["pk"] = mapping.Id.ToString(),
        ["managed"] = mapping.Managed,
        ["name"] = mapping.Name,
        ["expression"] = mapping.Expression,
        ["component"] = "ak-property-mapping-provider-scope-form",
        ["verbose_name"] = "Scope Mapping",
        ["verbose_name_plural"] = "Scope Mappings",
        ["meta_model_name"] = "authentik_providers_oauth2.scopemapping",
    };

    private static JsonObject Body(ScopeMapping mapping)
    {
        var body = Base(mapping);
        body["scope_name"] = mapping.ScopeName;
        body["description"] = mapping.Description;
        return body;
    }
}
