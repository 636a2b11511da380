using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Machines;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/service_tokens (contract §3.7). The secret comes out when it is made, and never again.</summary>
internal sealed class ServiceTokens(ServiceTokenDirectory directory, SaveServiceToken save)
{
    private const string Path = "/accounts/{account}/access/service_tokens";
    private const string Forever = "forever";

    public static void Map(ApiRoutes routes) => routes
        .Get<ServiceTokens>(Path, Need.Superuser, (t, r) => t.ListAsync(r))
        .Post<ServiceTokens>(Path, Need.Superuser, (t, r) => t.CreateAsync(r))
        .Get<ServiceTokens>(Path + "/{id}", Need.Superuser, (t, r) => t.RetrieveAsync(r))
        .Put<ServiceTokens>(Path + "/{id}", Need.Superuser, (t, r) => t.UpdateAsync(r))
        .Delete<ServiceTokens>(Path + "/{id}", Need.Superuser, (t, r) => t.DeleteAsync(r))
        .Post<ServiceTokens>(Path + "/{id}/rotate", Need.Superuser, (t, r) => t.RotateAsync(r))
        .Post<ServiceTokens>(Path + "/{id}/refresh", Need.Superuser, (t, r) => t.RefreshAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var (name, search) = (query.Text("name"), query.Text("search"));
        return query.AnswerAsync(paging => directory.ListAsync(name, search, paging, request.Aborted), t => Body(t));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } token
            ? Envelope.Ok(Body(token))
            : Envelope.Unknown(Unknown.ServiceToken);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name");
        var fields = Read(body);
        if (fields.SecretVersion.Or(1) != 1)
        {
            body.Refuse("client_secret_version", "client_secret_version of a new token is 1");
        }

        return body.Faults.Count > 0 ? Envelope.Refused(body.Faults) : await AnswerAsync(await save.CreateAsync(fields, request.Aborted), 201);
    }

    private async Task<IResult> UpdateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.ServiceToken)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.UpdateAsync(id, fields, request.Aborted), 200);
    }

    private async Task<IResult> RotateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var previous = body.NullableTime("previous_client_secret_expires_at").Or(null);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.ServiceToken)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.RotateAsync(id, previous, request.Aborted), 200);
    }

    private async Task<IResult> RefreshAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await AnswerAsync(await save.RefreshAsync(id, request.Aborted), 200)
        : Envelope.Unknown(Unknown.ServiceToken);

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await AnswerAsync(await save.DeleteAsync(id, request.Aborted), 200)
        : Envelope.Unknown(Unknown.ServiceToken);

    private static Task<IResult> AnswerAsync(WriteResult<SavedServiceToken> result, int status) =>
        Envelope.OfAsync(result, Unknown.ServiceToken, saved => Task.FromResult(Envelope.Ok(Body(saved.Token, saved.Secret), status)));

    private static ServiceTokenFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 350, mayBeBlank: false),
        Duration = ReadDuration(body),
        IsEnabled = body.Flag("enabled"),
        SecretVersion = body.Number("client_secret_version"),
        PreviousExpiresAt = body.NullableTime("previous_client_secret_expires_at"),
    };

    private static Maybe<TimeSpan?> ReadDuration(BodyFields body)
    {
        if (body.Text("duration", 100).Is(out var text) && text == Forever)
        {
            return (TimeSpan?)null;
        }

        if (!body.Duration("duration").Is(out var duration))
        {
            return default;
        }

        if (duration <= TimeSpan.Zero)
        {
            body.Refuse("duration", "duration must be longer than nothing, or 'forever'");
        }

        return (TimeSpan?)duration;
    }

    private static JsonObject Body(ServiceToken token, string? secret = null)
    {
        var body = new JsonObject
        {
            ["id"] = token.Id.ToString(),
            ["name"] = token.Name,
            ["client_id"] = token.ClientId,
            ["duration"] = token.Duration is { } duration ? GoDuration.Format(duration) : Forever,
            ["enabled"] = token.IsEnabled,
            ["expires_at"] = token.ExpiresAt is { } end ? JsonList.Time(end) : null,
            ["client_secret_version"] = token.SecretVersion,
            ["last_seen_at"] = token.LastSeenAt is { } seen ? JsonList.Time(seen) : null,
            ["created_at"] = JsonList.Time(token.CreatedAt),
            ["updated_at"] = JsonList.Time(token.UpdatedAt),
        };
        if (token.PreviousSecretExpiresAt is { } previous)
        {
            body["previous_client_secret_expires_at"] = JsonList.Time(previous);
        }

        if (secret is not null)
        {
            body["client_secret"] = secret;
        }

        return body;
    }
}
