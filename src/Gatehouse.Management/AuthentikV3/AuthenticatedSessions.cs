using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Sessions;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Sessions;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/authenticated_sessions/ (contract §3.7, §4.15).</summary>
internal sealed class AuthenticatedSessions(SessionDirectory directory, EndSessions end, IGeoReader places)
{
    private const string Model = "AuthenticatedSession";
    private const string Path = "/core/authenticated_sessions/";

    private static readonly Ordering<AuthenticatedSession> Orders = new(
        ("-last_used", s => s.LastUsedAt), ("last_used", s => s.LastUsedAt), ("pk", s => s.Uuid), ("uuid", s => s.Uuid), ("expires", s => s.ExpiresAt),
        ("last_ip", s => s.LastAddress), ("user", s => s.UserId));

    public static void Map(ApiRoutes routes) => routes
        .Get<AuthenticatedSessions>(Path, Need.User, (s, r) => s.ListAsync(r))
        .Delete<AuthenticatedSessions>(Path + "bulk_delete/", Need.Superuser, (s, r) => s.BulkDeleteAsync(r))
        .Get<AuthenticatedSessions>(Path + "{id}/", Need.User, (s, r) => s.RetrieveAsync(r))
        .Delete<AuthenticatedSessions>(Path + "{id}/", Need.Anybodys, (s, r) => s.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new SessionFilter
        {
            Username = query.Text("user__username"),
            Address = query.Text("session__last_ip"),
            UserAgent = query.Text("session__last_user_agent"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(request.Caller, filter, order, paging, request.Aborted), s => Body(s, request.Caller));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(
        request.RouteGuid("id") is { } id ? await directory.FindAsync(request.Caller, id, request.Aborted) : null, Model, s => Body(s, request.Caller));

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await end.RunAsync(request.Caller, id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> BulkDeleteAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var users = query.Numbers("user_pks");
        if (users.Count == 0)
        {
            return query.Refusal ?? Answer.Refused([new Fault("user_pks", "This field is required.")]);
        }

        return query.Refusal ?? await Answer.OfAsync(
            await end.RunAsync(users, request.Aborted), Model, count => Task.FromResult(Answer.Ok(new JsonObject { ["deleted"] = count })));
    }

    private JsonObject Body(AuthenticatedSession session, ApiCaller caller) => new()
    {
        ["uuid"] = session.Uuid.ToString(),
        ["current"] = session.Uuid == caller.SessionId,
        ["user_agent"] = UserAgents.Parse(session.LastUserAgent),
        ["geo_ip"] = GeoJson.PlaceOf(PlaceOf(session.LastAddress)),
        ["asn"] = GeoJson.NetworkOf(PlaceOf(session.LastAddress)),
        ["user"] = session.UserId,
        ["last_ip"] = session.LastAddress,
        ["last_user_agent"] = session.LastUserAgent,
        ["last_used"] = JsonList.Time(session.LastUsedAt),
        ["expires"] = JsonList.Time(session.ExpiresAt),
    };

    private GeoFacts? PlaceOf(string address) => IPAddress.TryParse(address, out var known) ? places.Find(known) : null;
}
