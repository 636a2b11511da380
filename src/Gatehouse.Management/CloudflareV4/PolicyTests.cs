using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/policy-tests (contract §3.10). A test is finished when it is made: what Cloudflare works out in the background takes no time worth waiting for.</summary>
internal sealed class PolicyTests(TestPolicies tests)
{
    private const string Path = "/accounts/{account}/access/policy-tests";

    public static void Map(ApiRoutes routes) => routes
        .Post<PolicyTests>(Path, Need.Superuser, (t, r) => t.CreateAsync(r))
        .Get<PolicyTests>(Path + "/{id}", Need.Superuser, (t, r) => t.RetrieveAsync(r))
        .Get<PolicyTests>(Path + "/{id}/users", Need.Superuser, (t, r) => t.UsersAsync(r));

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("policies");
        var policies = new List<TestedPolicy>();
        foreach (var (index, element) in body.Elements("policies").Or([]).Index())
        {
            policies.Add(Read(body, element, $"policies.{index}"));
        }

        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await tests.RunAsync(policies, request.Aborted), Unknown.Test, test => Task.FromResult(Envelope.Ok(
                new JsonObject { ["id"] = test.Id.ToString(), ["status"] = "success" }, 201)));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request)
    {
        if (request.RouteGuid("id") is not { } id || await tests.FindAsync(id, request.Aborted) is not { } test)
        {
            return Envelope.Unknown(Unknown.Test);
        }

        var total = test.People.Count;
        var (approved, blocked, errored) = (Count("approved"), Count("blocked"), Count("error"));
        return Envelope.Ok(new JsonObject
        {
            ["id"] = test.Id.ToString(),
            ["status"] = "complete",
            ["percent_users_processed"] = 100,
            ["percent_approved"] = Percent(approved),
            ["percent_blocked"] = Percent(blocked),
            ["percent_errored"] = Percent(errored),
            ["total_users"] = total,
            ["users_approved"] = approved,
            ["users_blocked"] = blocked,
            ["users_errored"] = errored,
        });

        int Count(string status) => test.People.Count(p => p.Status == status);
        int Percent(int count) => total == 0 ? 0 : (int)Math.Round(100.0 * count / total);
    }

    private async Task<IResult> UsersAsync(ApiRequest request)
    {
        if (request.RouteGuid("id") is not { } id || await tests.FindAsync(id, request.Aborted) is not { } test)
        {
            return Envelope.Unknown(Unknown.Test);
        }

        var query = new PageQuery(request.Query);
        var wanted = query.Text("status") switch { null => null, "success" => "approved", "fail" => "blocked", "error" => "error", _ => "" };
        if (wanted?.Length == 0)
        {
            query.Refuse("status must be success, fail or error");
        }

        var people = test.People.Where(p => wanted is null || p.Status == wanted).ToList();
        return await query.AnswerAsync(
            paging => Task.FromResult(new Slice<TestedPerson>([.. people.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], people.Count)),
            p => new JsonObject { ["id"] = p.Id.ToString(), ["email"] = p.Email, ["name"] = p.Name, ["status"] = p.Status });
    }

    private static TestedPolicy Read(BodyFields body, JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.String && Guid.TryParse(element.GetString(), out var id))
        {
            return new TestedPolicy(id, null);
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            body.Refuse(path, "a policy is an id or a whole policy");
            return new TestedPolicy(null, null);
        }

        var fields = new BodyFields(element, nullIsAbsent: true, path + ".");
        var draft = PolicyBody.Read(fields);
        body.Faults.AddRange(fields.Faults);
        return new TestedPolicy(null, draft);
    }
}
