using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Providers;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/propertymappings/provider/scope/ (contract §4.12).</summary>
internal sealed class ScopeMappings(ScopeMappingDirectory directory, SaveScopeMapping save, DeleteScopeMapping delete)
{
    private const string Model = "ScopeMapping";
    private const string Scope = "/propertymappings/provider/scope/";

    private static readonly Ordering<ScopeMapping> Orders = new(
        ("scope_name", m => m.ScopeName), ("name", m => m.Name), ("managed", m => m.Managed), ("pk", m => m.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<ScopeMappings>(Scope, Need.Superuser, (m, r) => m.ListAsync(r))
        .Post<ScopeMappings>(Scope, Need.Superuser, (m, r) => m.CreateAsync(r))
        .Get<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.RetrieveAsync(r))
        .Put<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.UpdateAsync(r, isPartial: false))
        .Patch<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.UpdateAsync(r, isPartial: true))
        .Delete<ScopeMappings>(Scope + "{id}/", Need.Superuser, (m, r) => m.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
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
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, Body);

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

    private static ScopeMappingFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 1000, mayBeBlank: false),
        ScopeName = body.Text("scope_name", 255, mayBeBlank: false),
        Managed = body.NullableText("managed", 255),
        Description = body.Text("description", 10_000),
        Expression = body.Text("expression", 16 * 1024, mayBeBlank: false),
    };

    /// <summary>What all kinds of mappings have.</summary>
    public static JsonObject Base(ScopeMapping mapping) => new()
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
