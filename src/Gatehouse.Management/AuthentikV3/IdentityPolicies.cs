using System.Text.Json;
using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Expressions;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/policies/all/ and the path of each kind (contract §2.7, §4.12).</summary>
internal sealed class IdentityPolicies(
    GatehouseDb db, IdentityPolicyDirectory directory, SaveIdentityPolicy save, DeleteIdentityPolicy delete, PolicyEngine engine, ExpressionCache expressions, TimeProvider clock)
{
    private const string Model = "Policy";

    private static readonly Ordering<IdentityPolicy> Orders = new(("name", p => p.Name), ("pk", p => p.Id));

    public static void Map(ApiRoutes routes)
    {
        routes
            .Get<IdentityPolicies>("/policies/all/", Need.Superuser, (p, r) => p.ListAsync(r, null))
            .Get<IdentityPolicies>("/policies/all/types/", Need.Superuser, (_, _) => Task.FromResult(Answer.Ok(JsonList.Of(PolicyShape.All, PolicyBody.Type))))
            .Get<IdentityPolicies>("/policies/all/cache_info/", Need.Superuser, (p, _) => Task.FromResult(p.CacheInfo()))
            .Post<IdentityPolicies>("/policies/all/cache_clear/", Need.Superuser, (p, _) => Task.FromResult(p.ClearCache()))
            .Get<IdentityPolicies>("/policies/all/{id}/", Need.Superuser, (p, r) => p.RetrieveAsync(r, null))
            .Delete<IdentityPolicies>("/policies/all/{id}/", Need.Superuser, (p, r) => p.DeleteAsync(r, null))
            .Post<IdentityPolicies>("/policies/all/{id}/test/", Need.Superuser, (p, r) => p.TestAsync(r));
        routes.Get<IdentityPolicies>("/policies/geoip_iso3166/", Need.User, (_, _) => Task.FromResult(Answer.List(Countries.All, PolicyBody.Country)));
        foreach (var shape in PolicyShape.All)
        {
            var path = $"/policies/{shape.Path}/";
            routes
                .Get<IdentityPolicies>(path, Need.Superuser, (p, r) => p.ListAsync(r, shape))
                .Post<IdentityPolicies>(path, Need.Superuser, (p, r) => p.CreateAsync(r, shape))
                .Get<IdentityPolicies>(path + "{id}/", Need.Superuser, (p, r) => p.RetrieveAsync(r, shape))
                .Put<IdentityPolicies>(path + "{id}/", Need.Superuser, (p, r) => p.UpdateAsync(r, shape, isPartial: false))
                .Patch<IdentityPolicies>(path + "{id}/", Need.Superuser, (p, r) => p.UpdateAsync(r, shape, isPartial: true))
                .Delete<IdentityPolicies>(path + "{id}/", Need.Superuser, (p, r) => p.DeleteAsync(r, shape));
        }
    }

    private Task<IResult> ListAsync(ApiRequest request, PolicyShape? shape)
    {
        var query = new ListQuery(request.Query);
        query.NotSupported("promptstage__isnull", "created", "last_updated"); // nothing is kept of these
        var filter = new IdentityPolicyFilter
        {
            Kind = shape?.Kind,
            Name = query.Text("name"),
            IsUnbound = query.Flag("bindings__isnull"),
            LogsRuns = query.Flag("execution_logging"),
            Id = query.Id("policy_uuid"),
            Search = query.Search,
            Settings = SettingsFilter.Read(query, shape?.Fields.Select(f => (f.Name, PolicyFields.DefaultOf(f))) ?? []) is { } settings ? settings.Fits : null,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), f => shape is null ? PolicyBody.Base(f) : PolicyBody.Of(f));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request, PolicyShape? shape) => Answer.OneOf(
        request.RouteGuid("id") is { } id ? await directory.FindAsync(id, shape?.Kind, request.Aborted) : null, Model, f => shape is null ? PolicyBody.Base(f) : PolicyBody.Of(f));

    private async Task<IResult> CreateAsync(ApiRequest request, PolicyShape shape)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require(RequiredOf(shape));
        var fields = PolicyFields.Read(body, shape);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(shape, fields, request.Aborted), Model, policy => SavedAsync(201, policy.Id, shape, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, PolicyShape shape, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require(RequiredOf(shape));
        }

        var fields = PolicyFields.Read(body, shape);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, shape, fields, request.Aborted), Model, policy => SavedAsync(200, policy.Id, shape, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request, PolicyShape? shape) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, shape?.Kind, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    // Runs an expression, so it asks for the right to edit one (CVE-2026-25227); it computes on facts and reaches nothing.
    private async Task<IResult> TestAsync(ApiRequest request)
    {
        if (request.RouteGuid("id") is not { } id || await directory.FindAsync(id, null, request.Aborted) is not { } found)
        {
            return Answer.NotFound(Model);
        }

        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("user");
        var userId = body.Number("user").Or(0);
        var context = PolicyTestContext.Read(body);
        if (body.Faults.Count == 0 && !await db.Users.AnyAsync(u => u.Id == userId, request.Aborted))
        {
            body.Refuse("user", $"Invalid pk \"{userId}\" - object does not exist.");
        }

        if (body.Faults.Count > 0)
        {
            return Answer.Refused(body.Faults);
        }

        var outcome = await engine.TestAsync(found.Policy, new PolicySubject(userId, request.ClientIp, context), request.Aborted);
        return Answer.Ok(PolicyBody.Result(outcome.Fault is null && outcome.IsPassing, outcome.Messages, outcome.Log, clock.GetUtcNow()));
    }

    private IResult CacheInfo() => Answer.Ok(new System.Text.Json.Nodes.JsonObject { ["count"] = expressions.Count });

    private IResult ClearCache()
    {
        expressions.Clear();
        return Answer.NoContent();
    }

    private async Task<IResult> SavedAsync(int status, Guid id, PolicyShape shape, ApiRequest request) =>
        await directory.FindAsync(id, shape.Kind, request.Aborted) is { } found ? new JsonAnswer(status, PolicyBody.Of(found)) : Answer.NotFound(Model);

    private static string[] RequiredOf(PolicyShape shape) => ["name", .. shape.Fields.Where(f => f.IsRequired).Select(f => f.Name)];
}

/// <summary>The context of a test, as a caller gives it.</summary>
internal static class PolicyTestContext
{
    public static IReadOnlyDictionary<string, object> Read(BodyFields body) =>
        body.ObjectText("context").Is(out var text) && ContextValues.Of(JsonDocument.Parse(text).RootElement) is IReadOnlyDictionary<string, object> context
            ? context
            : new Dictionary<string, object>();
}
