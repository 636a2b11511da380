using System.Text.Json.Nodes;
using Gatehouse.Management.Apps;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/apps (contract §3.4). A client secret comes out when it is made, and never again.</summary>
internal sealed class AccessApps(AppDirectory directory, SaveApp save, DeleteApp delete, RevokeAppTokens revoke, RotateClientSecret rotate, LintPolicies lint, PublicUrls urls)
{
    /// <summary>Where apps stand.</summary>
    public const string Path = "/accounts/{account}/access/apps";

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessApps>(Path, Need.Superuser, (a, r) => a.ListAsync(r))
        .Post<AccessApps>(Path, Need.Superuser, (a, r) => a.CreateAsync(r))
        .Get<AccessApps>(Path + "/{id}", Need.Superuser, (a, r) => a.RetrieveAsync(r))
        .Put<AccessApps>(Path + "/{id}", Need.Superuser, (a, r) => a.ReplaceAsync(r))
        .Delete<AccessApps>(Path + "/{id}", Need.Superuser, (a, r) => a.DeleteAsync(r))
        .Post<AccessApps>(Path + "/{id}/revoke_tokens", Need.Superuser, (a, r) => a.RevokeAsync(r))
        .Post<AccessApps>(Path + "/{id}/rotate_client_secret", Need.Superuser, (a, r) => a.RotateAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        query.NotSupported("target_attributes");
        var filter = new AppFilter
        {
            Name = query.Text("name"),
            Domain = query.Text("domain"),
            Aud = query.Text("aud"),
            Search = query.Text("search"),
            Exact = query.Flag("exact"),
        };
        var certificate = await directory.SigningCertificateAsync(request.Aborted);
        return await query.AnswerAsync(paging => directory.ListAsync(filter, paging, request.Aborted), a => OtherAppBody.Of(a, urls, certificate));
    }

    private Task<IResult> RetrieveAsync(ApiRequest request) => AnswerAsync(request.Route("id"), 200, request);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = AppBody.Read(body);
        var secret = draft.Saas?.Oidc is null ? null : SaveApp.NewSecret();
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await WrittenAsync(await save.CreateAsync(draft, secret, request.Aborted), 201, request, secret);
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        if (await directory.FindAsync(request.Route("id"), request.Aborted) is not { } app)
        {
            return Envelope.Unknown(Unknown.App);
        }

        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = AppBody.Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await WrittenAsync(await save.ReplaceAsync(app.Id, draft, request.Aborted), 200, request);
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) =>
        await directory.FindAsync(request.Route("id"), request.Aborted) is not { } app
            ? Envelope.Unknown(Unknown.App)
            : await Envelope.OfAsync(
                await delete.RunAsync(app.Id, request.Aborted), Unknown.App, gone => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = gone.Id.ToString() })));

    private async Task<IResult> RevokeAsync(ApiRequest request) =>
        await directory.FindAsync(request.Route("id"), request.Aborted) is not { } app
            ? Envelope.Unknown(Unknown.App)
            : await Envelope.OfAsync(await revoke.RunAsync(app.Id, request.Aborted), Unknown.App, _ => Task.FromResult(Envelope.Ok(new JsonObject())));

    private async Task<IResult> RotateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var previous = body.NullableTime("previous_client_secret_expires_at").Or(null);
        if (await directory.FindAsync(request.Route("id"), request.Aborted) is not { } app)
        {
            return Envelope.Unknown(Unknown.App);
        }

        var secret = SaveApp.NewSecret();
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await WrittenAsync(await rotate.RunAsync(app.Id, secret, previous, request.Aborted), 200, request, secret);
    }

    private async Task<IResult> WrittenAsync(WriteResult<App> result, int status, ApiRequest request, string? secret = null) => result is WriteResult<App>.Taken
        ? Envelope.Taken(11010, "access.api.error.application_already_exists")
        : await Envelope.OfAsync(result, Unknown.App, app => AnswerAsync(app.Id.ToString(), status, request, secret));

    private async Task<IResult> AnswerAsync(string id, int status, ApiRequest request, string? secret = null) =>
        await directory.FindAsync(id, request.Aborted) is { } app
            ? Envelope.Saying(OtherAppBody.Of(app, urls, app.Saas is null ? "" : await directory.SigningCertificateAsync(request.Aborted), secret), status, await lint.OfAppAsync(app.Id, request.Aborted))
            : Envelope.Unknown(Unknown.App);
}
