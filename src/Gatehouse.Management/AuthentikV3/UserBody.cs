using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Users;
using Gatehouse.Model.Users;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>A user as authentik's API shapes it.</summary>
internal static class UserBody
{
    /// <summary>Reads what a caller says about a user.</summary>
    public static UserFields Read(BodyFields body)
    {
        if (body.Texts("roles").Is(out var roles) && roles.Count > 0)
        {
            body.Refuse("roles", "Roles are not supported yet.");
        }

        return new UserFields
        {
            Username = body.Text("username", 150, mayBeBlank: false),
            Name = body.Text("name", 1000),
            Email = body.Text("email", 254),
            IsActive = body.Flag("is_active"),
            Path = body.Text("path", 1000, mayBeBlank: false),
            Type = body.Choice("type", Words.UserTypes),
            AttributesJson = body.ObjectText("attributes"),
            LastLoginAt = body.NullableTime("last_login"),
            Groups = body.Ids("groups"),
        };
    }

    public static JsonObject Of(UserFacts facts, bool withGroups = true, bool withRoles = true)
    {
        var user = facts.User;
        var groups = GroupsOf(user);
        return new JsonObject
        {
            ["pk"] = user.Id,
            ["username"] = user.Username,
            ["name"] = user.Name,
            ["is_active"] = user.IsActive,
            ["last_login"] = user.LastLoginAt is { } login ? JsonList.Time(login) : null,
            ["date_joined"] = JsonList.Time(user.CreatedAt),
            ["is_superuser"] = facts.IsSuperuser,
            ["groups"] = JsonList.Of(groups.Select(g => g.Id)),
            ["groups_obj"] = withGroups ? JsonList.Of(groups, GroupBody.Partial) : null,
            ["roles"] = new JsonArray(),
            ["roles_obj"] = withRoles ? new JsonArray() : null,
            ["email"] = user.Email,
            ["avatar"] = Avatar(user),
            ["attributes"] = JsonNode.Parse(user.AttributesJson),
            ["uid"] = facts.Uid,
            ["path"] = user.Path,
            ["type"] = Words.UserTypes.Of(user.Type),
            ["uuid"] = user.Uuid.ToString(),
            ["password_change_date"] = JsonList.Time(user.PasswordChangedAt ?? user.CreatedAt),
            ["last_updated"] = JsonList.Time(user.UpdatedAt),
        };
    }

    /// <summary>The same for whoever asks: attributes, of users and of their groups, are administrators' notes and for superusers alone.</summary>
    public static JsonObject For(ApiCaller caller, UserFacts facts)
    {
        var body = Of(facts);
        if (!caller.IsSuperuser)
        {
            body["attributes"] = new JsonObject();
            foreach (var group in body["groups_obj"]?.AsArray().OfType<JsonObject>() ?? [])
            {
                group["attributes"] = new JsonObject();
            }
        }

        return body;
    }

    /// <summary>What users see of themselves.</summary>
    public static JsonObject Self(UserFacts facts)
    {
        var user = facts.User;
        return new JsonObject
        {
            ["pk"] = user.Id,
            ["username"] = user.Username,
            ["name"] = user.Name,
            ["is_active"] = user.IsActive,
            ["is_superuser"] = facts.IsSuperuser,
            ["is_current"] = true,
            ["groups"] = JsonList.Of(GroupsOf(user), g => new JsonObject { ["name"] = g.Name, ["pk"] = g.Id.ToString() }),
            ["roles"] = new JsonArray(),
            ["email"] = user.Email,
            ["avatar"] = Avatar(user),
            ["uid"] = facts.Uid,
            ["settings"] = JsonNode.Parse(user.AttributesJson)?["settings"] is JsonObject settings ? settings.DeepClone() : new JsonObject(),
            ["type"] = Words.UserTypes.Of(user.Type),
            ["system_permissions"] = new JsonArray(),
        };
    }

    /// <summary>A user as groups show their members.</summary>
    public static JsonObject Partial(User user, string uid) => new()
    {
        ["pk"] = user.Id,
        ["username"] = user.Username,
        ["name"] = user.Name,
        ["is_active"] = user.IsActive,
        ["last_login"] = user.LastLoginAt is { } login ? JsonList.Time(login) : null,
        ["email"] = user.Email,
        ["attributes"] = JsonNode.Parse(user.AttributesJson),
        ["uid"] = uid,
    };

    private static List<Group> GroupsOf(User user) => [.. user.Groups.Select(m => m.Group).OfType<Group>().OrderBy(g => g.Name, StringComparer.Ordinal)];

    // Initials drawn here: asking a service on the internet would tell it who our users are.
    private static string Avatar(User user)
    {
        var words = (user.Name.Length > 0 ? user.Name : user.Username).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var initials = string.Concat(words.Take(2).Select(w => w.EnumerateRunes().First().ToString()));
        var svg = $"""<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#4b6584"/><text x="32" y="41" font-family="sans-serif" font-size="26" fill="#fff" text-anchor="middle">{WebUtility.HtmlEncode(initials)}</text></svg>""";
        return "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(svg));
    }
}
