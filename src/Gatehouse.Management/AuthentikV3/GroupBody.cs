using System.Text.Json.Nodes;
using Gatehouse.Management.Groups;
using Gatehouse.Management.Http;
using Gatehouse.Model.Users;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>Which objects around a group are spelled out.</summary>
internal sealed record GroupParts(bool Users, bool Parents, bool Children, bool InheritedRoles)
{
    /// <summary>As the query asks; users by default.</summary>
    public static GroupParts Of(ListQuery query) => new(
        query.Flag("include_users") ?? true, query.Flag("include_parents") ?? false, query.Flag("include_children") ?? false, query.Flag("include_inherited_roles") ?? false);
}

/// <summary>A group of users as authentik's API shapes it.</summary>
internal static class GroupBody
{
    /// <summary>Reads what a caller says about a group.</summary>
    public static GroupFields Read(BodyFields body)
    {
        if (body.Texts("roles").Is(out var roles) && roles.Count > 0)
        {
            body.Refuse("roles", "Roles are not supported yet.");
        }

        return new GroupFields
        {
            Name = body.Text("name", 255, mayBeBlank: false),
            IsSuperuser = body.Flag("is_superuser"),
            AttributesJson = body.ObjectText("attributes"),
            Parents = body.Ids("parents"),
            Users = body.Numbers("users"),
        };
    }

    public static JsonObject Of(GroupFacts facts, GroupParts parts, Func<int, string> uidOf)
    {
        var group = facts.Group;
        var members = group.Members.OrderBy(m => m.UserId).ToList();
        return new JsonObject
        {
            ["pk"] = group.Id.ToString(),
            ["num_pk"] = group.Number,
            ["name"] = group.Name,
            ["is_superuser"] = group.IsSuperuser,
            ["parents"] = JsonList.Of(facts.Parents.Select(p => p.Id)),
            ["parents_obj"] = parts.Parents ? JsonList.Of(facts.Parents, Related) : null,
            ["users"] = JsonList.Of(members, m => m.UserId),
            ["users_obj"] = parts.Users ? JsonList.Of(members.Select(m => m.User).OfType<User>(), u => UserBody.Partial(u, uidOf(u.Id))) : null,
            ["attributes"] = JsonNode.Parse(group.AttributesJson),
            ["roles"] = new JsonArray(),
            ["roles_obj"] = new JsonArray(),
            ["inherited_roles_obj"] = parts.InheritedRoles ? new JsonArray() : null,
            ["children"] = JsonList.Of(facts.Children.Select(c => c.Id)),
            ["children_obj"] = parts.Children ? JsonList.Of(facts.Children, Related) : null,
        };
    }

    /// <summary>A group as users show theirs.</summary>
    public static JsonObject Partial(Group group) => new()
    {
        ["pk"] = group.Id.ToString(),
        ["num_pk"] = group.Number,
        ["name"] = group.Name,
        ["is_superuser"] = group.IsSuperuser,
        ["attributes"] = JsonNode.Parse(group.AttributesJson),
    };

    private static JsonObject Related(Group group) => new()
    {
        ["pk"] = group.Id.ToString(),
        ["name"] = group.Name,
        ["is_superuser"] = group.IsSuperuser,
        ["attributes"] = JsonNode.Parse(group.AttributesJson),
        ["group_uuid"] = group.Id.ToString(),
    };
}
