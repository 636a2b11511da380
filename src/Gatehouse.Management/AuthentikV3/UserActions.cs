using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Sessions;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>What can be done with users besides changing them: impersonation, hashes, paths, service accounts (contract §4.7, §2.4).</summary>
internal sealed class UserActions(UserDirectory directory, SetPassword setPassword, Impersonate impersonate, MakeServiceAccount make)
{
    private const string Model = "User";

    public static void Map(ApiRoutes routes) => routes
        .Get<UserActions>("/core/users/paths/", Need.Superuser, (u, r) => u.PathsAsync(r))
        .Post<UserActions>("/core/users/service_account/", Need.Superuser, (u, r) => u.ServiceAccountAsync(r))
        .Get<UserActions>("/core/users/impersonate_end/", Need.User, (u, r) => u.EndAsync(r))
        .Post<UserActions>("/core/users/{id}/impersonate/", Need.Superuser, (u, r) => u.BeginAsync(r))
        .Post<UserActions>("/core/users/{id}/set_password_hash/", Need.Superuser, (u, r) => u.SetHashAsync(r));

    private async Task<IResult> PathsAsync(ApiRequest request) => Answer.Ok(new JsonObject
    {
        ["paths"] = JsonList.Of(await directory.PathsAsync(new ListQuery(request.Query).Search, request.Aborted)),
    });

    private async Task<IResult> SetHashAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("password");
        var hash = body.Text("password", 1024, mayBeBlank: false).Or("");
        return request.RouteInt("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await setPassword.TakeHashAsync(id, hash, request.Caller.SessionId, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()));
    }

    private async Task<IResult> BeginAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("reason");
        var reason = body.Text("reason", 1000).Or("");
        if (request.RouteInt("id") is not { } id)
        {
            return Answer.NotFound(Model);
        }

        return body.Faults.Count > 0 ? Answer.Refused(body.Faults) : await impersonate.BeginAsync(request.Caller, id, reason, request.Aborted) switch
        {
            // authentik's answer where it is turned off, or is oneself.
            WriteResult<AuthenticatedSession>.Refused { Faults: [{ Field: "non_field_errors" } fault] } => Answer.Detail(401, fault.Text),
            var result => await Answer.OfAsync(result, Model, _ => Task.FromResult(Answer.NoContent())),
        };
    }

    // The one route that an impersonated user without rights must reach: it leads back.
    private async Task<IResult> EndAsync(ApiRequest request) => await impersonate.EndAsync(request.Caller, request.Aborted) switch
    {
        WriteResult<AuthenticatedSession>.Missing => Answer.NoContent(), // a token impersonates nobody
        var result => await Answer.OfAsync(result, Model, _ => Task.FromResult(Answer.NoContent())),
    };

    private async Task<IResult> ServiceAccountAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var name = body.Text("name", 150, mayBeBlank: false).Or("");
        var withGroup = body.Flag("create_group").Or(false);
        var isExpiring = body.Flag("expiring").Or(true);
        var expires = body.NullableTime("expires").Or(null);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await make.RunAsync(name, withGroup, isExpiring, expires, request.Aborted), Model, made => MadeAsync(made, request.Aborted));
    }

    private async Task<IResult> MadeAsync(ServiceAccount made, CancellationToken cancellationToken)
    {
        var uids = await directory.UidsAsync(cancellationToken);
        var body = new JsonObject
        {
            ["username"] = made.User.Username,
            ["token"] = made.Key,
            ["user_uid"] = uids(made.User.Id),
            ["user_pk"] = made.User.Id,
        };
        if (made.Group is { } group)
        {
            body["group_pk"] = group.Id.ToString();
        }

        return Answer.Ok(body);
    }
}
