using System.Text.Json.Nodes;

namespace Gatehouse.Model.Events;

/// <summary>Makes rows of what is to be written down.</summary>
public static class EventRow
{
    /// <summary>The row: secrets starred, and the object it is about in columns of its own, by which it is found.</summary>
    public static Event Of(NewEvent happened, DateTimeOffset now, TimeSpan kept)
    {
        var context = EventMask.Clean(happened.Context);
        var target = context["model"] as JsonObject;
        return new Event
        {
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            ExpiresAt = now + kept,
            Action = happened.Action,
            App = happened.App ?? AppOf(happened.Action),
            UserId = happened.Actor?.Id,
            Username = happened.Actor?.Username ?? "",
            Email = happened.Actor?.Email ?? "",
            ClientIp = happened.ClientIp,
            OnBehalfOfJson = happened.OnBehalfOf is { } other ? JsonOf(other).ToJsonString() : null,
            ContextJson = context.ToJsonString(),
            TargetApp = Text(target, "app"),
            TargetModel = Text(target, "model_name"),
            TargetKey = Text(target, "pk")?.Replace("-", "", StringComparison.Ordinal),
            AuthorizedKey = Text(context["authorized_application"] as JsonObject, "pk")?.Replace("-", "", StringComparison.Ordinal),
        };
    }

    /// <summary>A person as events name them.</summary>
    public static JsonObject JsonOf(EventActor actor) => new() { ["pk"] = actor.Id, ["username"] = actor.Username, ["email"] = actor.Email };

    /// <summary>An object as events name it.</summary>
    public static JsonObject Target(string app, string model, string key, string name) =>
        new() { ["pk"] = key, ["name"] = name, ["app"] = app, ["model_name"] = model };

    private static string AppOf(string action) => action switch
    {
        EventActions.ModelCreated or EventActions.ModelUpdated or EventActions.ModelDeleted => "authentik.events.middleware",
        EventActions.AuthorizeApplication => "authentik.providers.oauth2.views.authorize",
        EventActions.SecretView or EventActions.SecretRotate or EventActions.ImpersonationStarted or EventActions.ImpersonationEnded => "authentik.core.api",
        EventActions.PolicyException or EventActions.PolicyExecution => "authentik.policies.process",
        _ => "authentik.events.signals",
    };

    private static string? Text(JsonObject? holder, string name) => holder?[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => other.ToJsonString(),
    };
}
