using System.Text.Json.Nodes;
using Gatehouse.Management.Apps;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/apps/{id}/policies: the policies of one app (contract §3.5). Reusable ones are shown, and changed at their own address.</summary>
internal sealed class AppPolicies(AppDirectory directory, SaveAppPolicy save)
{
    private const string Path = AccessApps.Path + "/{id}/policies";

    public static void Map(ApiRoutes routes) => routes
        .Get<AppPolicies>(Path, Need.Superuser, (p, r) => p.ListAsync(r))
        .Post<AppPolicies>(Path, Need.Superuser, (p, r) => p.CreateAsync(r))
        .Get<AppPolicies>(Path + "/{policy}", Need.Superuser, (p, r) => p.RetrieveAsync(r))
        .Put<AppPolicies>(Path + "/{policy}", Need.Superuser, (p, r) => p.ReplaceAsync(r))
        .Delete<AppPolicies>(Path + "/{policy}", Need.Superuser, (p, r) => p.DeleteAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        if (await AppAsync(request) is not { } app)
        {
            return Envelope.Unknown(Unknown.App);
        }

        var links = app.Policies.OrderBy(l => l.Precedence).ToList();
        return await new PageQuery(request.Query).AnswerAsync(
            paging => Task.FromResult(new Slice<AppPolicy>([.. links.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], links.Count)), PolicyBody.OfLink);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => await AppAsync(request) is not { } app ? Envelope.Unknown(Unknown.App)
        : app.Policies.Find(l => l.PolicyId == request.RouteGuid("policy")) is { } link ? Envelope.Ok(PolicyBody.OfLink(link))
        : Envelope.Unknown(Unknown.Policy);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        if (await AppAsync(request) is not { } app)
        {
            return Envelope.Unknown(Unknown.App);
        }

        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var (draft, precedence) = Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.CreateAsync(app.Id, draft, precedence, request.Aborted), Unknown.App, link => Task.FromResult(Envelope.Ok(PolicyBody.OfLink(link), 201)));
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        if (await AppAsync(request) is not { } app)
        {
            return Envelope.Unknown(Unknown.App);
        }

        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var (draft, precedence) = Read(body);
        return request.RouteGuid("policy") is not { } policy ? Envelope.Unknown(Unknown.Policy)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.ReplaceAsync(app.Id, policy, draft, precedence, request.Aborted), Unknown.Policy, link => Task.FromResult(Envelope.Ok(PolicyBody.OfLink(link))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => await AppAsync(request) is not { } app ? Envelope.Unknown(Unknown.App)
        : request.RouteGuid("policy") is not { } policy ? Envelope.Unknown(Unknown.Policy)
        : await Envelope.OfAsync(
            await save.DeleteAsync(app.Id, policy, request.Aborted), Unknown.Policy,
            link => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = link.PolicyId.ToString() })));

    private Task<App?> AppAsync(ApiRequest request) => directory.FindAsync(request.Route("id"), request.Aborted);

    private static (Policies.PolicyDraft Draft, int? Precedence) Read(BodyFields body) =>
        (PolicyBody.Read(body), body.Number("precedence").Is(out var precedence) ? precedence : null);
}
