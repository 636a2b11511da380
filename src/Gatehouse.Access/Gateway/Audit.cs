using Gatehouse.Model.Apps;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>Queues the decisions the gateway takes by itself: refusals no policy asked for, and services let in. Denials by policy are recorded with their page.</summary>
internal sealed class Audit(IAuditSink sink, AnonymousLimit limit, NamedLimit named, TimeProvider clock)
{
    private const int LongestPath = 512;

    // Apart from refusals: those must not hide that something was let in.
    private readonly AnonymousLimit admissions = new(clock);

    /// <summary>A request that was not let through; its ray is the decision's id.</summary>
    public void Refused(HttpContext context, string host, in RequestPath path, AppEntry? app, string reason)
    {
        if (limit.Take(ClientAddress.Of(context)))
        {
            Record(context, host, path, app, allowed: false, reason, []);
        }
    }

    /// <summary>A service that was let in and handed its token.</summary>
    public void ServiceAdmitted(HttpContext context, string host, in RequestPath path, AppEntry app, CompiledPolicy by, Admission admission)
    {
        var (address, token) = (ClientAddress.Of(context), admission.ServiceTokenId);
        if ((token ?? admission.LinkedApp?.ToString()) is { } who ? named.Take(who, new(app.App.Id, true, From: ClientNetwork.Of(address))) : admissions.Take(address))
        {
            Record(context, host, path, app, allowed: true, $"admitted by the service-auth policy '{by.Name}'{(token is null ? "" : $" with service token {token}")}", [new PolicyReason(by.Id, by.Name, "non_identity", true, "it matched", [], [], [])]);
        }
    }

    private void Record(HttpContext context, string host, in RequestPath path, AppEntry? app, bool allowed, string outcome, IReadOnlyList<PolicyReason> policies) =>
        sink.Enqueue(new DecisionRecord
        {
            Id = RayId.Of(context),
            At = clock.GetUtcNow(),
            AppId = app?.App.Id,
            AppName = app?.App.Name ?? "",
            Allowed = allowed,
            Action = "request",
            Address = ClientAddress.Of(context).ToString(),
            Method = context.Request.Method,
            Host = host,
            Path = path.Plain.Length > LongestPath ? path.Plain[..LongestPath] : path.Plain,
            TreeJson = DecisionJson.Write(new DecisionTree(outcome, null, policies)),
        });
}
