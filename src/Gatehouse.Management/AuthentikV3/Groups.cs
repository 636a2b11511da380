using Gatehouse.Management.Groups;
using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Users;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/groups/ (contract §4.8).</summary>
internal sealed class Groups(GroupDirectory directory, UserDirectory users, SaveGroup save, DeleteGroup delete, ChangeMembers members)
{
    private const string Model = "Group";

    private static readonly Ordering<Group> Orders = new(
        ("name", g => g.Name), ("pk", g => g.Id), ("num_pk", g => g.Number), ("is_superuser", g => g.IsSuperuser));

    // Members of a group, and of those inside it, may be superusers: who can write them can make one.
    public static void Map(ApiRoutes routes) => routes
        .Get<Groups>("/core/groups/", Need.Superuser, (g, r) => g.ListAsync(r))
        .Post<Groups>("/core/groups/", Need.Superuser, (g, r) => g.CreateAsync(r))
        .Get<Groups>("/core/groups/{id}/", Need.Superuser, (g, r) => g.RetrieveAsync(r))
        .Put<Groups>("/core/groups/{id}/", Need.Superuser, (g, r) => g.UpdateAsync(r, isPartial: false))
        .Patch<Groups>("/core/groups/{id}/", Need.Superuser, (g, r) => g.UpdateAsync(r, isPartial: true))
        .Delete<Groups>("/core/groups/{id}/", Need.Superuser, (g, r) => g.DeleteAsync(r))
        .Post<Groups>("/core/groups/{id}/add_user/", Need.Superuser, (g, r) => g.ChangeMemberAsync(r, members => members.AddAsync))
        .Post<Groups>("/core/groups/{id}/remove_user/", Need.Superuser, (g, r) => g.ChangeMemberAsync(r, members => members.RemoveAsync));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new GroupFilter
        {
            Name = query.Text("name"),
            IsSuperuser = query.Flag("is_superuser"),
            MemberIds = query.Numbers("members_by_pk"),
            MemberNames = query.Texts("members_by_username"),
            Attributes = query.Json("attributes"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        var parts = GroupParts.Of(query);
        var uids = await users.UidsAsync(request.Aborted);
        return await query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), g => GroupBody.Of(g, parts, uids));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request)
    {
        var parts = GroupParts.Of(new ListQuery(request.Query));
        var found = request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null;
        var uids = await users.UidsAsync(request.Aborted);
        return Answer.OneOf(found, Model, g => GroupBody.Of(g, parts, uids));
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var fields = GroupBody.Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, group => SavedAsync(201, group.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name");
        }

        var fields = GroupBody.Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, group => SavedAsync(200, group.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> ChangeMemberAsync(ApiRequest request, Func<ChangeMembers, Func<Guid, int, CancellationToken, Task<WriteResult<Group>>>> change)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("pk");
        var user = body.Number("pk").Or(0);
        if (request.RouteGuid("id") is not { } id)
        {
            return Answer.NotFound(Model);
        }

        return body.Faults.Count > 0 ? Answer.Refused(body.Faults) : await change(members)(id, user, request.Aborted) switch
        {
            WriteResult<Group>.Refused => Answer.NotFound("User"), // an unknown user is the one thing that can be wrong
            var result => await Answer.OfAsync(result, Model, _ => Task.FromResult(Answer.NoContent())),
        };
    }

    private async Task<IResult> SavedAsync(int status, Guid id, ApiRequest request)
    {
        var uids = await users.UidsAsync(request.Aborted);
        return await directory.FindAsync(id, request.Aborted) is { } group
            ? new JsonAnswer(status, GroupBody.Of(group, GroupParts.Of(new ListQuery(request.Query)), uids))
            : Answer.NotFound(Model);
    }
}
