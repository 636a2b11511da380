using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Keys;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/keys (contract §3.8): how often Access's signing key changes.</summary>
internal sealed class SigningKeys(AccessKeys keys, TimeProvider clock)
{
    private const string Path = "/accounts/{account}/access/keys";

    public static void Map(ApiRoutes routes) => routes
        .Get<SigningKeys>(Path, Need.Superuser, (k, r) => k.RetrieveAsync(r))
        .Put<SigningKeys>(Path, Need.Superuser, (k, r) => k.UpdateAsync(r))
        .Post<SigningKeys>(Path + "/rotate", Need.Superuser, (k, r) => k.RotateAsync(r));

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        await keys.FindAsync(request.Aborted) is { } facts ? Envelope.Ok(Body(facts)) : Envelope.Unknown(Unknown.Organization);

    private async Task<IResult> UpdateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("key_rotation_interval_days");
        var days = body.Number("key_rotation_interval_days").Or(0);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await keys.SetIntervalAsync(days, request.Aborted), Unknown.Organization, f => Task.FromResult(Envelope.Ok(Body(f))));
    }

    private async Task<IResult> RotateAsync(ApiRequest request) =>
        await Envelope.OfAsync(await keys.RotateAsync(onlyIfDue: false, request.Aborted), Unknown.Organization, f => Task.FromResult(Envelope.Ok(Body(f))));

    private JsonObject Body(AccessKeyFacts facts) => new()
    {
        ["key_rotation_interval_days"] = facts.IntervalDays,
        ["last_key_rotation_at"] = JsonList.Time(facts.LastRotationAt),
        ["days_until_next_rotation"] = Math.Max(0, (int)Math.Ceiling((facts.NextRotationAt - clock.GetUtcNow()).TotalDays)),
    };
}
