using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Providers;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/propertymappings/provider/scope/ (contract §4.12), to read.</summary>
internal sealed class ScopeMappings(ScopeMappingDirectory directory)
{
    private static readonly Ordering<ScopeMapping> Orders = new(
        ("scope_name", m => m.ScopeName), ("name", m => m.Name), ("managed", m => m.Managed), ("pk", m => m.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<ScopeMappings>("/propertymappings/provider/scope/", Need.Superuser, (m, r) => m.ListAsync(r))
        .Get<ScopeMappings>("/propertymappings/provider/scope/{id}/", Need.Superuser, (m, r) => m.RetrieveAsync(r));

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
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, "ScopeMapping", Body);

    private static JsonObject Body(ScopeMapping mapping) => new()
    {
        ["pk"] = mapping.Id.ToString(),
        ["managed"] = mapping.Managed,
        ["name"] = mapping.Name,
        ["expression"] = mapping.Expression,
        ["component"] = "ak-property-mapping-provider-scope-form",
        ["verbose_name"] = "Scope Mapping",
        ["verbose_name_plural"] = "Scope Mappings",
        ["meta_model_name"] = "authentik_providers_oauth2.scopemapping",
        ["scope_name"] = mapping.ScopeName,
        ["description"] = mapping.Description,
    };
}
