using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Providers;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/providers/oauth2-dcr/ (contract §4.5): the rules of dynamic client registration.</summary>
internal sealed class Registrations(RegistrationRules rules)
{
    private const string Model = "OAuth2DynamicClientRegistration";

    private static readonly Ordering<RegistrationRule> Orders = new(("provider", r => r.ProviderId), ("pk", r => r.Id), ("pbm_uuid", r => r.Id));

    private static readonly Dictionary<string, bool> EngineModes = new() { ["any"] = true, ["all"] = false };

    public static void Map(ApiRoutes routes) => routes
        .Get<Registrations>("/providers/oauth2-dcr/", Need.Superuser, (d, r) => d.ListAsync(r))
        .Post<Registrations>("/providers/oauth2-dcr/", Need.Superuser, (d, r) => d.CreateAsync(r))
        .Get<Registrations>("/providers/oauth2-dcr/{id}/", Need.Superuser, (d, r) => d.RetrieveAsync(r))
        .Put<Registrations>("/providers/oauth2-dcr/{id}/", Need.Superuser, (d, r) => d.UpdateAsync(r, isPartial: false))
        .Patch<Registrations>("/providers/oauth2-dcr/{id}/", Need.Superuser, (d, r) => d.UpdateAsync(r, isPartial: true))
        .Delete<Registrations>("/providers/oauth2-dcr/{id}/", Need.Superuser, (d, r) => d.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var provider = query.Numbers("provider") is [var one, ..] ? (int?)one : null;
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => rules.ListAsync(provider, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await rules.FindAsync(id, request.Aborted) : null, Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("provider");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await rules.CreateAsync(fields, request.Aborted), Model, r => Task.FromResult<IResult>(new JsonAnswer(201, Body(r))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("provider");
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await rules.UpdateAsync(id, fields, request.Aborted), Model, r => Task.FromResult<IResult>(new JsonAnswer(200, Body(r))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await rules.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private static RegistrationFields Read(BodyFields body) => new()
    {
        Provider = body.Number("provider"),
        ApplicationGroup = body.Text("default_application_group", 255),
        AuthorizationFlow = body.NullableId("override_authorization_flow"),
        InvalidationFlow = body.NullableId("override_invalidation_flow"),
        ScopeMappings = body.Ids("override_property_mappings"),
        AccessTokenValidity = body.Text("access_token_validity", 200),
        RefreshTokenValidity = body.Text("refresh_token_validity", 200),
        AllowedGrantTypes = body.Texts("allowed_grant_types"),
        PolicyEngineMode = body.Choice("policy_engine_mode", EngineModes).Is(out var isAny) ? (isAny ? "any" : "all") : default(Writes.Maybe<string>),
    };

    private static JsonObject Body(RegistrationRule rule) => new()
    {
        ["pbm_uuid"] = rule.Id.ToString(),
        ["provider"] = rule.ProviderId,
        ["default_application_group"] = rule.ApplicationGroup,
        ["override_authorization_flow"] = rule.AuthorizationFlowId?.ToString(),
        ["override_invalidation_flow"] = rule.InvalidationFlowId?.ToString(),
        ["override_property_mappings"] = JsonList.Of(rule.ScopeMappingIds),
        ["access_token_validity"] = rule.AccessTokenValidity,
        ["refresh_token_validity"] = rule.RefreshTokenValidity,
        ["allowed_grant_types"] = JsonList.Of(rule.AllowedGrantTypes),
        ["policy_engine_mode"] = rule.PolicyEngineMode,
    };
}
