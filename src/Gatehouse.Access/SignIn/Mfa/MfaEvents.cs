using System.Text.Json.Nodes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>Writes down what happens with second factors that people enrolled at Access.</summary>
internal sealed class MfaEvents(IEventLog events)
{
    /// <summary>Somebody enrolled one; durable when it returns.</summary>
    public Task EnrolledAsync(HttpContext context, AccessSession session, AccessAuthenticator made) =>
        events.WriteAsync(Of(EventActions.ModelCreated, context, session, "enrolled a second factor", made), context.RequestAborted);

    /// <summary>Somebody removed one of theirs; durable when it returns.</summary>
    public Task RemovedAsync(HttpContext context, AccessSession session, AccessAuthenticator removed) =>
        events.WriteAsync(Of(EventActions.ModelDeleted, context, session, "removed a second factor", removed), context.RequestAborted);

    /// <summary>A proof was refused.</summary>
    public void Failed(HttpContext context, AccessSession session, MfaMethods method, string reason)
    {
        var happened = Of(EventActions.LoginFailed, context, session, "a proof by a second factor was refused", null);
        happened.Context["device_class"] = method.Word();
        happened.Context["reason"] = reason;
        events.Enqueue(happened);
    }

    /// <summary>A key's counter went back.</summary>
    public void Cloned(HttpContext context, AccessSession session, AccessAuthenticator key) =>
        events.Enqueue(Of(EventActions.SuspiciousRequest, context, session, "The signature counter of a security key did not move on: it may have been copied.", key));

    private static NewEvent Of(string action, HttpContext context, AccessSession session, string message, AccessAuthenticator? which)
    {
        var details = new JsonObject { ["message"] = message, ["username"] = session.Email, ["access_user"] = session.UserId.ToString() };
        if (which is not null)
        {
            details["model"] = EventRow.Target("gatehouse", which is AccessTotp ? "accesstotp" : "accesscredential", which.Id.ToString("N"), which.Name);
        }

        return new NewEvent(action, null, ClientAddress.Of(context).ToString(), details);
    }
}
