using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.AccessUsers;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/users with what hangs below, /access/seats, and the end of all of a person's sessions (contract §3.9, §3.2).</summary>
internal sealed class AccessUsers(AccessUserDirectory directory, SaveAccessUser save, RemoveAuthenticator remove, IdentityBody identities)
{
    private const string Path = "/accounts/{account}/access/users";

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessUsers>(Path, Need.Superuser, (u, r) => u.ListAsync(r))
        .Post<AccessUsers>(Path, Need.Superuser, (u, r) => u.CreateAsync(r))
        .Get<AccessUsers>(Path + "/{id}", Need.Superuser, (u, r) => u.OfAsync(r, user => Task.FromResult(Envelope.Ok(Body(user)))))
        .Put<AccessUsers>(Path + "/{id}", Need.Superuser, (u, r) => u.RenameAsync(r))
        .Delete<AccessUsers>(Path + "/{id}", Need.Superuser, (u, r) => u.DeleteAsync(r))
        .Get<AccessUsers>(Path + "/{id}/active_sessions", Need.Superuser, (u, r) => u.OfAsync(r, user => u.SessionsAsync(user, r)))
        .Get<AccessUsers>(Path + "/{id}/active_sessions/{nonce}", Need.Superuser, (u, r) => u.OfAsync(r, user => u.SessionAsync(user, r)))
        .Get<AccessUsers>(Path + "/{id}/failed_logins", Need.Superuser, (u, r) => u.OfAsync(r, user => u.FailedAsync(user, r)))
        .Get<AccessUsers>(Path + "/{id}/last_seen_identity", Need.Superuser, (u, r) => u.OfAsync(r, user => u.LastSeenAsync(user, r)))
        .Get<AccessUsers>(Path + "/{id}/mfa_authenticators", Need.Superuser, (u, r) => u.OfAsync(r, user => u.AuthenticatorsAsync(user, r)))
        .Delete<AccessUsers>(Path + "/{id}/mfa_authenticators/{authenticator}", Need.Superuser, (u, r) => u.RemoveAuthenticatorAsync(r))
        .PatchList<AccessUsers>("/accounts/{account}/access/seats", Need.Superuser, (u, r) => u.SeatsAsync(r))
        .Post<AccessUsers>("/accounts/{account}/access/organizations/revoke_user", Need.Superuser, (u, r) => u.RevokeAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var (email, name, search) = (query.Text("email"), query.Text("name"), query.Text("search"));
        return query.AnswerAsync(paging => directory.ListAsync(email is null ? null : EmailAddress.Canonical(email) ?? email, name, search, paging, request.Aborted), Body);
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("email");
        var (email, name) = (ReadEmail(body), body.Text("name", 350).Or(""));
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.CreateAsync(email, name, request.Aborted), 201);
    }

    private async Task<IResult> RenameAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name");
        var name = body.Text("name", 350).Or("");
        return body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : request.RouteGuid("id") is { } id ? await AnswerAsync(await save.RenameAsync(id, name, request.Aborted), 200)
            : Envelope.Unknown(Unknown.User);
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Envelope.OfAsync(await save.DeleteAsync(id, request.Aborted), Unknown.User, user => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = user.Id.ToString() })))
        : Envelope.Unknown(Unknown.User);

    private async Task<IResult> OfAsync(ApiRequest request, Func<AccessUser, Task<IResult>> answer) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } user ? await answer(user) : Envelope.Unknown(Unknown.User);

    private async Task<IResult> SessionsAsync(AccessUser user, ApiRequest request)
    {
        var sessions = await directory.SessionsAsync(user, request.Aborted);
        var logins = sessions.Count == 0 ? [] : await directory.AdmittedAsync(user, sessions.Min(s => s.CreatedAt), request.Aborted);
        return Envelope.Ok(JsonList.Of(sessions, s => new JsonObject
        {
            ["name"] = s.Nonce,
            ["expiration"] = s.ExpiresAt.ToUnixTimeSeconds(),
            ["metadata"] = new JsonObject
            {
                ["apps"] = AppsOf(logins.Where(d => d.At >= s.CreatedAt)),
                ["expires"] = s.ExpiresAt.ToUnixTimeSeconds(),
                ["iat"] = s.CreatedAt.ToUnixTimeSeconds(),
                ["nonce"] = s.Nonce,
                ["ttl"] = (long)(s.ExpiresAt - s.CreatedAt).TotalSeconds,
            },
        }));
    }

    private static JsonObject AppsOf(IEnumerable<DecisionRecord> logins)
    {
        var apps = new JsonObject();
        foreach (var login in logins.Where(d => d.AppId is not null).DistinctBy(d => d.AppId))
        {
            apps[login.AppId.ToString()!] = new JsonObject // filtered just above
            {
                ["hostname"] = login.Host,
                ["name"] = login.AppName,
                ["type"] = "self_hosted",
                ["uid"] = login.AppId.ToString(),
            };
        }

        return apps;
    }

    private async Task<IResult> SessionAsync(AccessUser user, ApiRequest request) =>
        await directory.SessionAsync(user, request.Route("nonce"), request.Aborted) is { } session
            ? Envelope.Ok(await identities.OfSessionAsync(session, request.Aborted))
            : Envelope.Unknown(Unknown.Session);

    private async Task<IResult> LastSeenAsync(AccessUser user, ApiRequest request) =>
        await directory.LastAsync(user, request.Aborted) is { } session
            ? Envelope.Ok(await identities.OfAsync(session, request.Aborted))
            : Envelope.Unknown(Unknown.Session);

    private async Task<IResult> AuthenticatorsAsync(AccessUser user, ApiRequest request) =>
        Envelope.Ok(JsonList.Of(await directory.AuthenticatorsAsync(user, request.Aborted), a => new JsonObject
        {
            ["id"] = a.Id.ToString(),
            ["name"] = a.Name,
            ["type"] = a.Method.Word(),
            ["created_at"] = JsonList.Time(a.CreatedAt),
            ["last_used_at"] = a.LastUsedAt is { } used ? JsonList.Time(used) : null,
        }));

    private async Task<IResult> RemoveAuthenticatorAsync(ApiRequest request) => request.RouteGuid("id") is { } user && request.RouteGuid("authenticator") is { } id
        ? await Envelope.OfAsync(await remove.RunAsync(user, id, request.Aborted), Unknown.Authenticator, gone => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = gone.Id.ToString() })))
        : Envelope.Unknown(Unknown.Authenticator);

    private async Task<IResult> FailedAsync(AccessUser user, ApiRequest request) =>
        Envelope.Ok(JsonList.Of(await directory.RefusedAsync(user, request.Aborted), d => new JsonObject
        {
            ["expiration"] = d.At.AddDays(30).ToUnixTimeSeconds(),
            ["metadata"] = new JsonObject
            {
                ["app_name"] = d.AppName,
                ["aud"] = d.AppId?.ToString() ?? "",
                ["datetime"] = JsonList.Time(d.At),
                ["ray_id"] = d.Id,
                ["user_email"] = user.Email,
                ["user_uuid"] = user.Id.ToString(),
            },
        }));

    private async Task<IResult> RevokeAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("email");
        var email = ReadEmail(body);
        var uid = body.Id("user_uid").Is(out var id) ? id : (Guid?)null;
        if (body.Faults.Count > 0)
        {
            return Envelope.Refused(body.Faults);
        }

        if (uid is { } wanted && (await directory.FindAsync(wanted, request.Aborted))?.Email != email)
        {
            return Envelope.Unknown(Unknown.User);
        }

        return await Envelope.OfAsync(await save.SignOutAsync(email, request.Aborted), Unknown.User, _ => Task.FromResult(Envelope.Ok(JsonValue.Create(true))));
    }

    private async Task<IResult> SeatsAsync(ApiRequest request)
    {
        if (await JsonBody.ReadListAsync(request.Http.Request, request.Aborted) is not { } seats)
        {
            return Envelope.Failed(400, 12130, Envelope.InvalidRequest + "the body must be a list of seats");
        }

        var answer = new JsonArray();
        foreach (var (index, seat) in seats.Index())
        {
            if (seat.ValueKind != JsonValueKind.Object)
            {
                return Envelope.Failed(400, 12130, Envelope.InvalidRequest + "a seat is an object");
            }

            var fields = new BodyFields(seat, nullIsAbsent: true, $"{index}.").Require("seat_uid", "access_seat");
            var (id, keeps) = (fields.Id("seat_uid"), fields.Flag("access_seat"));
            if (fields.Faults.Count > 0)
            {
                return Envelope.Refused(fields.Faults);
            }

            if (await save.SeatAsync(id.Or(default), keeps.Or(false), request.Aborted) is not WriteResult<AccessUser>.Done { Value: var user })
            {
                return Envelope.Unknown(Unknown.User);
            }

            answer.Add(new JsonObject
            {
                ["seat_uid"] = user.Id.ToString(),
                ["access_seat"] = user.HasSeat,
                ["gateway_seat"] = false,
                ["created_at"] = JsonList.Time(user.CreatedAt),
                ["updated_at"] = JsonList.Time(user.LastLoginAt),
            });
        }

        return Envelope.Ok(answer);
    }

    private static string ReadEmail(BodyFields body)
    {
        if (body.Text("email", 320).Is(out var text) && EmailAddress.Canonical(text) is null)
        {
            body.Refuse("email", "email must be one plain address, such as ada@example.com");
        }

        return EmailAddress.Canonical(text) ?? "";
    }

    private static Task<IResult> AnswerAsync(WriteResult<AccessUser> result, int status) =>
        Envelope.OfAsync(result, Unknown.User, user => Task.FromResult(Envelope.Ok(Body(user), status)));

    private static JsonObject Body(AccessUser user) => new()
    {
        ["id"] = user.Id.ToString(),
        ["uid"] = user.Id.ToString(),
        ["seat_uid"] = user.Id.ToString(),
        ["email"] = user.Email,
        ["name"] = user.Name,
        ["access_seat"] = user.HasSeat,
        ["gateway_seat"] = false,
        ["active_device_count"] = 0,
        ["last_successful_login"] = user.LastLoginAt > DateTimeOffset.UnixEpoch ? JsonList.Time(user.LastLoginAt) : null,
        ["created_at"] = JsonList.Time(user.CreatedAt),
        ["updated_at"] = JsonList.Time(user.LastLoginAt > user.CreatedAt ? user.LastLoginAt : user.CreatedAt),
    };
}
