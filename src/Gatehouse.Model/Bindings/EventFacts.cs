using System.Net;
using System.Text.Json;
using Gatehouse.Model.Events;

namespace Gatehouse.Model.Bindings;

/// <summary>An event as policies see it: <c>context["event"]</c>.</summary>
public static class EventFacts
{
    /// <summary>Its name in the context.</summary>
    public const string Name = "event";

    /// <summary>What policies may look at.</summary>
    public static IReadOnlyDictionary<string, object> Of(Event happened)
    {
        var user = new Dictionary<string, object> { ["username"] = happened.Username, ["email"] = happened.Email };
        if (happened.UserId is { } id)
        {
            user["pk"] = id;
        }

        using var details = JsonDocument.Parse(happened.ContextJson);
        return new Dictionary<string, object>
        {
            ["pk"] = happened.Id.ToString(),
            ["action"] = happened.Action,
            ["app"] = happened.App,
            ["client_ip"] = happened.ClientIp ?? "",
            ["user"] = user,
            ["context"] = ContextValues.Of(details.RootElement),
        };
    }

    /// <summary>Key of the policy that an event is about, when one faulted or said that it was asked; null for all others.</summary>
    public static Guid? PolicyOf(IReadOnlyDictionary<string, object> happened) =>
        Text(happened, "action") is EventActions.PolicyException or EventActions.PolicyExecution
        && Inner(Inner(happened, "context"), "policy") is { } policy && Guid.TryParse(Text(policy, "pk"), out var id)
            ? id
            : null;

    /// <summary>Whether all that <paramref name="wanted"/> sets fits; one with nothing set fits every event, as at authentik.</summary>
    internal static bool Fits(PolicySettings.EventMatcher wanted, IReadOnlyDictionary<string, object> happened)
    {
        var model = Inner(Inner(happened, "context"), "model");
        var owner = Text(model, "app");
        return (wanted.Action is null || wanted.Action == Text(happened, "action"))
            && (wanted.ClientIp is null || IsAddress(wanted.ClientIp, Text(happened, "client_ip")))
            && (wanted.App is null || IsApp(wanted.App.Replace('_', '.'), Text(happened, "app") ?? "", owner))
            && (wanted.Model is null || wanted.Model == $"{owner}.{Text(model, "model_name")}");
    }

    // One address has many spellings in IPv6.
    private static bool IsAddress(string wanted, string? seen) =>
        IPAddress.TryParse(wanted, out var address) && IPAddress.TryParse(seen, out var found) && address.Equals(found);

    // The app that reported it (authentik.events.signals belongs to authentik.events), or that of the object.
    private static bool IsApp(string wanted, string reporter, string? owner) =>
        reporter == wanted || reporter.StartsWith(wanted + ".", StringComparison.Ordinal) || owner?.Replace('_', '.') == wanted;

    private static IReadOnlyDictionary<string, object>? Inner(IReadOnlyDictionary<string, object>? holder, string name) =>
        holder?.GetValueOrDefault(name) as IReadOnlyDictionary<string, object>;

    private static string? Text(IReadOnlyDictionary<string, object>? holder, string name) => holder?.GetValueOrDefault(name) as string;
}
