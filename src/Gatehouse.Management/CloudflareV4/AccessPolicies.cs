using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/policies: policies that many apps may share (contract §3.5).</summary>
internal sealed class AccessPolicies(PolicyDirectory directory, SavePolicy save, DeletePolicy delete, LintPolicies lint)
{
    private const string Path = "/accounts/{account}/access/policies";

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessPolicies>(Path, Need.Superuser, (p, r) => p.ListAsync(r))
        .Post<AccessPolicies>(Path, Need.Superuser, (p, r) => p.CreateAsync(r))
        .Get<AccessPolicies>(Path + "/{id}", Need.Superuser, (p, r) => p.RetrieveAsync(r))
        .Put<AccessPolicies>(Path + "/{id}", Need.Superuser, (p, r) => p.ReplaceAsync(r))
        .Delete<AccessPolicies>(Path + "/{id}", Need.Superuser, (p, r) => p.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request) =>
        new PageQuery(request.Query).AnswerAsync(paging => directory.ListAsync(paging, request.Aborted), PolicyBody.Of);

    private async Task<IResult> RetrieveAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await AnswerAsync(id, 200, request)
        : Envelope.Unknown(Unknown.Policy);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = PolicyBody.Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.CreateAsync(draft, request.Aborted), Unknown.Policy, policy => AnswerAsync(policy.Id, 201, request));
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = PolicyBody.Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Policy)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.ReplaceAsync(id, draft, request.Aborted), Unknown.Policy, policy => AnswerAsync(policy.Id, 200, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.Policy)
        : await Envelope.OfAsync(
            await delete.RunAsync(id, request.Aborted), Unknown.Policy, policy => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = policy.Id.ToString() })));

    private async Task<IResult> AnswerAsync(Guid id, int status, ApiRequest request) =>
        await directory.FindAsync(id, request.Aborted) is { } facts
            ? Envelope.Saying(PolicyBody.Of(facts), status, await lint.OfPolicyAsync(facts.Policy, request.Aborted))
            : Envelope.Unknown(Unknown.Policy);
}
