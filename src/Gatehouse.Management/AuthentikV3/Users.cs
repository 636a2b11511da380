using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Model.Users;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/users/ (contract §4.7).</summary>
internal sealed class Users(UserDirectory directory, SaveUser save, DeleteUser delete, SetPassword setPassword)
{
    private const string Model = "User";

    private static readonly Ordering<User> Orders = new(
        ("username", u => u.Username), ("pk", u => u.Id), ("id", u => u.Id), ("uuid", u => u.Uuid), ("name", u => u.Name), ("email", u => u.Email),
        ("is_active", u => u.IsActive), ("path", u => u.Path), ("type", u => u.Type), ("date_joined", u => u.CreatedAt),
        ("last_login", u => u.LastLoginAt), ("last_updated", u => u.UpdatedAt), ("password_change_date", u => u.PasswordChangedAt));

    // Groups make superusers, and to an address goes the link that sets a password: writes are as good as a key.
    public static void Map(ApiRoutes routes) => routes
        .Get<Users>("/core/users/", Need.Superuser, (u, r) => u.ListAsync(r))
        .Post<Users>("/core/users/", Need.Superuser, (u, r) => u.CreateAsync(r))
        .Get<Users>("/core/users/me/", Need.User, (u, r) => u.MeAsync(r))
        .Get<Users>("/core/users/{id}/", Need.User, (u, r) => u.RetrieveAsync(r))
        .Put<Users>("/core/users/{id}/", Need.Superuser, (u, r) => u.UpdateAsync(r, isPartial: false))
        .Patch<Users>("/core/users/{id}/", Need.Superuser, (u, r) => u.UpdateAsync(r, isPartial: true))
        .Delete<Users>("/core/users/{id}/", Need.Superuser, (u, r) => u.DeleteAsync(r))
        .Post<Users>("/core/users/{id}/set_password/", Need.Superuser, (u, r) => u.SetPasswordAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        query.NotSupported("roles_by_name", "roles_by_pk");
        var filter = new UserFilter
        {
            Username = query.Text("username"),
            Name = query.Text("name"),
            Email = query.Text("email"),
            Uuid = query.Id("uuid"),
            Path = query.Text("path"),
            PathStartsWith = query.Text("path_startswith"),
            IsActive = query.Flag("is_active"),
            IsSuperuser = query.Flag("is_superuser"),
            Types = query.Choices("type", Words.UserTypes),
            GroupNames = query.Texts("groups_by_name"),
            GroupIds = query.Ids("groups_by_pk"),
            LastLogin = query.Times("last_login"),
            HasNoLogin = query.Flag("last_login__isnull"),
            Joined = query.Times("date_joined"),
            Updated = query.Times("last_updated"),
            Attributes = query.Json("attributes"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        var withGroups = query.Flag("include_groups") ?? true;
        var withRoles = query.Flag("include_roles") ?? true;
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), u => UserBody.Of(u, withGroups, withRoles));
    }

    // Everybody may see themselves; of others nobody learns whether they are there.
    private async Task<IResult> RetrieveAsync(ApiRequest request) => request.Caller.IsSuperuser || request.RouteInt("id") == request.Caller.UserId
        ? Answer.OneOf(await FindAsync(request), Model, u => UserBody.For(request.Caller, u))
        : Answer.NotFound(Model);

    private async Task<IResult> MeAsync(ApiRequest request)
    {
        if (await directory.FindAsync(request.Caller.UserId, request.Aborted) is not { } me)
        {
            return Answer.NotFound(Model);
        }

        var body = new JsonObject { ["user"] = UserBody.Self(me), ["users"] = new JsonArray(UserBody.Self(me)) };
        if (request.Caller.Original is { } original && await directory.FindAsync(original.Id, request.Aborted) is { } admin)
        {
            body["original"] = UserBody.Self(admin);
        }

        return Answer.Ok(body);
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("username", "name");
        var fields = UserBody.Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, user => SavedAsync(201, user.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("username", "name");
        }

        var fields = UserBody.Read(body);
        return request.RouteInt("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, user => SavedAsync(200, user.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteInt("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> SetPasswordAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("password");
        var password = body.Text("password", SetPassword.Longest, mayBeBlank: false).Or("");
        return request.RouteInt("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await setPassword.RunAsync(id, password, request.Caller.SessionId, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()));
    }

    private async Task<UserFacts?> FindAsync(ApiRequest request) =>
        request.RouteInt("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null;

    private async Task<IResult> SavedAsync(int status, int id, ApiRequest request) =>
        await directory.FindAsync(id, request.Aborted) is { } user ? new JsonAnswer(status, UserBody.Of(user)) : Answer.NotFound(Model);
}
