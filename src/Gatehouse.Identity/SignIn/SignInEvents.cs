using System.Text.Json.Nodes;
using Gatehouse.Identity.Mfa;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Events;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn;

/// <summary>Writes down who signed in, who failed to, and who left.</summary>
internal sealed class SignInEvents(GatehouseDb db, IEventLog log, IEventRows rows, RepeatedEvents repeated)
{
    /// <summary>How many failures of a person are events each, within five minutes, that cost whoever caused them nothing.</summary>
    internal const int FirstFailures = 5;

    /// <summary>The row for a sign-in, to be saved with its session.</summary>
    public Event Login(HttpContext context, User user, AuthenticatedSession session, MfaState mfa) => rows.RowOf(About(context, EventActions.Login, user, new JsonObject
    {
        ["auth_method"] = MethodOf(session.Amr),
        ["auth_method_args"] = new JsonObject { ["mfa_devices"] = mfa.Facts(), ["amr"] = new JsonArray([.. session.Amr.Select(a => JsonValue.Create(a))]) },
    }));

    /// <summary>The row for a session that ends because its cookie was copied, to be saved with the end.</summary>
    public Event CookieCopied(HttpContext context, User user, AuthenticatedSession session) => rows.RowOf(About(context, EventActions.SuspiciousRequest, user, new JsonObject
    {
        ["message"] = "A former cookie of a remembered browser was used: it was copied. The session has ended.",
        ["session_uuid"] = session.Uuid.ToString(),
    }));

    /// <summary>The row for what a person did with what is theirs, to be saved with it.</summary>
    public Event Did(HttpContext context, string action, User user, JsonObject details) => rows.RowOf(About(context, action, user, details));

    /// <summary>The row for an impersonation that ends because the right to it did, to be saved with the end.</summary>
    public Event ImpersonationEnded(HttpContext context, User impersonator, User impersonated) =>
        rows.RowOf(About(context, EventActions.ImpersonationEnded, impersonator, []) with { OnBehalfOf = ActorOf(impersonated) });

    /// <summary>To be called when such a row was committed.</summary>
    public void Written() => rows.Written();

    /// <summary>Somebody could not prove who they are. Queued: a flood must not wait for the disk, nor the disk for a flood.</summary>
    /// <param name="typed">The name as typed.</param>
    /// <param name="user">Whose name that is; null means nobody's.</param>
    public void LoginFailed(HttpContext context, string typed, User? user, string method) => log.Enqueue(Failure(context, typed, user, method));

    /// <summary>The same where trying was free, as with a password that comes too soon to be looked at: once in a while after a person's first few.</summary>
    public void LoginFailedFreely(HttpContext context, string typed, User? user, string method) =>
        repeated.Enqueue(Failure(context, typed, user, method), "sign-in by " + method, FirstFailures);

    /// <summary>Policies keep somebody out of a flow. Queued, as failures are, and once in a while: it costs a visitor nothing.</summary>
    public void FlowDenied(HttpContext context, User? user, Flow flow, PolicyVerdict verdict) => repeated.Enqueue(About(context, EventActions.PolicyExecution, user, new JsonObject
    {
        ["message"] = "Access to the flow was denied",
        ["model"] = EventRow.Target("authentik_flows", "flow", flow.Id.ToString("N"), flow.Slug),
        ["result"] = new JsonObject
        {
            ["passing"] = false,
            ["messages"] = new JsonArray([.. verdict.Messages.Select(m => JsonValue.Create(m))]),
            ["log_messages"] = new JsonArray([.. verdict.Log.Select(l => JsonValue.Create(l))]),
        },
    }), "flow " + flow.Slug);

    /// <summary>The row for a session that its person ends, to be saved with the end.</summary>
    public async Task<Event> LogoutAsync(HttpContext context, AuthenticatedSession session, CancellationToken cancellationToken) =>
        rows.RowOf(About(context, EventActions.Logout, await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == session.UserId, cancellationToken), []));

    /// <summary>The row for a person who chose a new password, to be saved with it.</summary>
    public Event PasswordSet(HttpContext context, User user) => rows.RowOf(About(context, EventActions.PasswordSet, user, Of(user)));

    private static NewEvent Failure(HttpContext context, string typed, User? user, string method) => About(context, EventActions.LoginFailed, user, new JsonObject
    {
        ["username"] = typed,
        ["auth_method"] = method,
    });

    private static JsonObject Of(User user) => new()
    {
        ["model"] = EventRow.Target("authentik_core", "user", user.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), user.Username),
    };

    private static NewEvent About(HttpContext context, string action, User? user, JsonObject details)
    {
        details["http_request"] = new JsonObject
        {
            ["path"] = context.Request.Path.Value,
            ["method"] = context.Request.Method,
            ["args"] = new JsonObject(),
            ["user_agent"] = Cut(context.Request.Headers.UserAgent.ToString()),
            ["request_id"] = context.TraceIdentifier,
        };
        return new NewEvent(action, user is null ? null : ActorOf(user), ClientAddress.Of(context).ToString(), details);
    }

    private static EventActor ActorOf(User user) => new(user.Id, user.Username, user.Email);

    // authentik's names: a password, or else a passkey, or a token that an administrator gave out.
    private static string MethodOf(List<string> amr) => amr.Contains("pwd") ? "password" : amr.Contains("user") ? "auth_webauthn_pwl" : "token";

    private static string Cut(string text) => text.Length <= 512 ? text : text[..512];
}
