using System.Diagnostics;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/users/{id}/recovery/ and recovery_email/ (contract §2.5).</summary>
internal sealed class UserRecovery(RecoveryLinks links)
{
    public static void Map(ApiRoutes routes) => routes
        .Post<UserRecovery>("/core/users/{id}/recovery/", Need.Superuser, (u, r) => u.MakeAsync(r))
        .Post<UserRecovery>("/core/users/{id}/recovery_email/", Need.Superuser, (u, r) => u.SendAsync(r));

    private async Task<IResult> MakeAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var life = LifeOf(body);
        return request.RouteInt("id") is not { } id ? Answer.NotFound("User")
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : Shape(await links.MakeAsync(id, life, request.Aborted), url => Answer.Ok(new JsonObject { ["link"] = url }));
    }

    private async Task<IResult> SendAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("email_stage");
        var stage = body.Id("email_stage").Or(Guid.Empty);
        var life = LifeOf(body);
        return request.RouteInt("id") is not { } id ? Answer.NotFound("User")
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : Shape(await links.SendAsync(id, stage, life, request.Aborted), _ => Answer.NoContent());
    }

    private static TimeSpan? LifeOf(BodyFields body)
    {
        if (!body.Text("token_duration", 100).Is(out var text) || text.Length == 0)
        {
            return null;
        }

        if (ValidityPeriod.TryParse(text, out var life) && life > TimeSpan.Zero)
        {
            return life;
        }

        body.Refuse("token_duration", $"\"{text}\" is not in the correct format of 'hours=3;minutes=1'.");
        return null;
    }

    // A string where other faults are lists: so authentik, and its clients.
    private static IResult Shape(RecoveryResult result, Func<string, IResult> made) => result switch
    {
        RecoveryResult.Made link => made(link.Url),
        RecoveryResult.Refused refused => new JsonAnswer(400, new JsonObject { ["non_field_errors"] = refused.Reason }),
        RecoveryResult.Missing => Answer.NotFound("User"),
        _ => throw new UnreachableException(),
    };
}
