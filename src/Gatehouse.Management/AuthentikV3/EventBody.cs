using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Events;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>An event as authentik's API shapes it (contract §5.1).</summary>
internal static class EventBody
{
    // What clients show where there was no request.
    private const string NoAddress = "255.255.255.255";

    public static JsonObject Of(Event happened) => new()
    {
        ["pk"] = happened.Id.ToString(),
        ["user"] = UserOf(happened),
        ["action"] = happened.Action,
        ["app"] = happened.App,
        ["context"] = JsonNode.Parse(happened.ContextJson),
        ["client_ip"] = happened.ClientIp ?? NoAddress,
        ["created"] = JsonList.Time(happened.CreatedAt),
        ["expires"] = JsonList.Time(happened.ExpiresAt),
        ["brand"] = new JsonObject(),
    };

    private static JsonObject UserOf(Event happened)
    {
        var user = happened.UserId is { } id
            ? EventRow.JsonOf(new EventActor(id, happened.Username, happened.Email))
            : new JsonObject { ["pk"] = 0, ["username"] = "AnonymousUser", ["email"] = "", ["is_anonymous"] = true };
        if (happened.OnBehalfOfJson is { } other)
        {
            user["on_behalf_of"] = JsonNode.Parse(other);
        }

        return user;
    }
}
