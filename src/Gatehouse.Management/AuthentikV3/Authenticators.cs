using System.Text.Json.Nodes;
using Gatehouse.Management.Authenticators;
using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Authenticators;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/authenticators/ (contract §4.13): everybody their own; below admin/ a superuser everybody's.</summary>
internal sealed class Authenticators(DeviceDirectory directory, ChangeDevice change, UserDirectory users)
{
    private const string Own = "/authenticators/";
    private const string Admin = "/authenticators/admin/";

    public static void Map(ApiRoutes routes)
    {
        routes
            .Get<Authenticators>(Own + "all/", Need.User, (a, r) => a.AllAsync(r.Caller.UserId, r))
            .Get<Authenticators>(Admin + "all/", Need.Superuser, (a, r) => a.AllOfAsync(r));
        MapClass<TotpDevice>(routes, AuthenticatorClass.Totp, "TOTPDevice");
        MapClass<StaticDevice>(routes, AuthenticatorClass.Static, "StaticDevice");
        MapClass<WebAuthnDevice>(routes, AuthenticatorClass.WebAuthn, "WebAuthnDevice");
    }

    private static void MapClass<T>(ApiRoutes routes, AuthenticatorClass which, string model)
        where T : Authenticator
    {
        var orders = new Ordering<T>(("name", d => d.Name), ("pk", d => d.Id), ("user", d => d.UserId));
        var word = which.Word();
        foreach (var (path, need, isOwn) in new[] { ($"{Own}{word}/", Need.User, true), ($"{Admin}{word}/", Need.Superuser, false) })
        {
            routes
                .Get<Authenticators>(path, need, (a, r) => a.ListAsync(r, isOwn, orders))
                .Get<Authenticators>(path + "{id}/", need, (a, r) => a.RetrieveAsync<T>(r, isOwn, model))
                .Put<Authenticators>(path + "{id}/", need, (a, r) => a.RenameAsync<T>(r, isOwn, model, which, isPartial: false))
                .Patch<Authenticators>(path + "{id}/", need, (a, r) => a.RenameAsync<T>(r, isOwn, model, which, isPartial: true))
                .Delete<Authenticators>(path + "{id}/", isOwn ? Need.Fresh : need, (a, r) => a.DeleteAsync<T>(r, isOwn, model));
        }

        routes
            .Get<Authenticators>($"{Own}{word}/{{id}}/used_by/", Need.User, (a, r) => a.UsedByAsync<T>(r, model))
            .Post<Authenticators>($"{Admin}{word}/", Need.Superuser, (_, _) => Task.FromResult(NotMadeHere()));
    }

    private async Task<IResult> AllAsync(int ownerId, ApiRequest request) =>
        Answer.Ok(JsonList.Of(await directory.AllAsync(ownerId, request.Aborted), AuthenticatorBody.Of));

    private async Task<IResult> AllOfAsync(ApiRequest request) => new ListQuery(request.Query).Numbers("user") switch
    {
        [var owner] => await AllAsync(owner, request),
        _ when !request.Query.ContainsKey("user") => await AllAsync(request.Caller.UserId, request),
        _ => Answer.Refused([new Fault("user", "Enter one whole number.")]),
    };

    private async Task<IResult> ListAsync<T>(ApiRequest request, bool isOwn, Ordering<T> orders)
        where T : Authenticator
    {
        var query = new ListQuery(request.Query);
        var filter = new DeviceFilter(OwnerOf(request, isOwn), query.Text("name"), query.Search);
        var order = query.Order(orders);
        var uids = await users.UidsAsync(request.Aborted);
        return await query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), d => AuthenticatorBody.Of(d, uids(d.Owner.Id)));
    }

    private async Task<IResult> RetrieveAsync<T>(ApiRequest request, bool isOwn, string model)
        where T : Authenticator
    {
        var found = request.RouteInt("id") is { } id ? await directory.FindAsync<T>(id, OwnerOf(request, isOwn), request.Aborted) : null;
        var uids = await users.UidsAsync(request.Aborted);
        return Answer.OneOf(found, model, d => AuthenticatorBody.Of(d, uids(d.Owner.Id)));
    }

    private async Task<IResult> RenameAsync<T>(ApiRequest request, bool isOwn, string model, AuthenticatorClass which, bool isPartial)
        where T : Authenticator
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name");
        }

        var name = body.Text("name", which.LongestName(), mayBeBlank: false);
        return request.RouteInt("id") is not { } id ? Answer.NotFound(model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await change.RenameAsync<T>(id, OwnerOf(request, isOwn), name, request.Aborted), model, _ => RetrieveAsync<T>(request, isOwn, model));
    }

    private async Task<IResult> DeleteAsync<T>(ApiRequest request, bool isOwn, string model)
        where T : Authenticator => request.RouteInt("id") is { } id
            ? await Answer.OfAsync(await change.DeleteAsync<T>(id, OwnerOf(request, isOwn), request.Aborted), model, _ => Task.FromResult(Answer.NoContent()))
            : Answer.NotFound(model);

    private async Task<IResult> UsedByAsync<T>(ApiRequest request, string model)
        where T : Authenticator => request.RouteInt("id") is { } id && await directory.FindAsync<T>(id, request.Caller.UserId, request.Aborted) is not null
            ? Answer.Ok(new JsonArray())
            : Answer.NotFound(model);

    // Null: everybody's.
    private static int? OwnerOf(ApiRequest request, bool isOwn) => isOwn ? request.Caller.UserId : null;

    private static IResult NotMadeHere() =>
        Answer.Refused([new Fault("non_field_errors", "Authenticators are enrolled by their owner, in a flow with a set-up stage.")]);
}
