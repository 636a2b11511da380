using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Events;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa;

/// <summary>Writes down what happens with authenticators.</summary>
internal sealed class MfaEvents(GatehouseDb db, IEventLog events, IEventRows rows, RepeatedEvents repeated, IReputation reputation)
{
    /// <summary>A proof was refused. It counts against the name and the network as a wrong password does; anything can be sent as one, so after a person's first few it is an event once in a while.</summary>
    public async Task FailedAsync(FlowRun run, Stage stage, AuthenticatorClass which, CancellationToken cancellationToken)
    {
        reputation.Note(run.PendingUser, ClientAddress.Of(run.Http), isSuccess: false);
        repeated.Enqueue(
            new NewEvent(
                EventActions.LoginFailed,
                await ActorAsync(run.State.UserId ?? run.Browser?.User.Id, cancellationToken),
                AddressOf(run),
                new JsonObject
                {
                    ["username"] = run.PendingUser,
                    ["stage"] = Describe(stage),
                    ["auth_method_args"] = new JsonObject { ["device_class"] = which.Word() },
                }),
            "sign-in by " + which.Word(),
            SignInEvents.FirstFailures);
    }

    /// <summary>A key's counter went back.</summary>
    public async Task ClonedAsync(FlowRun run, WebAuthnDevice device, CancellationToken cancellationToken) => events.Enqueue(new NewEvent(
        EventActions.SuspiciousRequest,
        await ActorAsync(device.UserId, cancellationToken),
        AddressOf(run),
        new JsonObject
        {
            ["message"] = "The signature counter of a security key did not move on: it may have been copied.",
            ["username"] = run.PendingUser,
            ["device"] = Describe(device),
        }));

    /// <summary>A stage is set up so that nobody can pass it.</summary>
    public void Misconfigured(FlowRun run, Stage stage, string message) => events.Enqueue(new NewEvent(
        EventActions.ConfigurationError,
        null,
        AddressOf(run),
        new JsonObject { ["message"] = message, ["stage"] = Describe(stage) }));

    /// <summary>The row for somebody who has a new authenticator, to be saved with it.</summary>
    public Event Enrolled(FlowRun run, User user, Authenticator device) => Did(EventActions.ModelCreated, user, AddressOf(run), device);

    /// <summary>The row for somebody who changed or removed an authenticator of theirs, to be saved with that.</summary>
    public Event Did(string action, User user, string address, Authenticator device) => rows.RowOf(
        new NewEvent(action, new EventActor(user.Id, user.Username, user.Email), address, new JsonObject { ["model"] = Describe(device) }));

    /// <summary>To be called when such a row was committed.</summary>
    public void Written() => rows.Written();

    private Task<EventActor?> ActorAsync(int? userId, CancellationToken cancellationToken) =>
        db.Users.Where(u => u.Id == userId).Select(u => new EventActor(u.Id, u.Username, u.Email)).SingleOrDefaultAsync(cancellationToken);

    private static string AddressOf(FlowRun run) => ClientAddress.Of(run.Http).ToString();

    private static JsonObject Describe(Stage stage) => new()
    {
        ["pk"] = stage.Id.ToString("N"),
        ["name"] = stage.Name,
        ["app"] = "authentik_stages_authenticator_validate",
        ["model_name"] = "authenticatorvalidatestage",
    };

    private static JsonObject Describe(Authenticator device)
    {
        var used = UsedDevice.Of(device);
        return new JsonObject { ["pk"] = used.Pk, ["name"] = used.Name, ["app"] = used.App, ["model_name"] = used.ModelName };
    }
}
