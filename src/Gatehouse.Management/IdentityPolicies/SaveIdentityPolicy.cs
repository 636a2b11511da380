using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Bindings.IdentityPolicy>;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Adds a policy of Identity, or changes one.</summary>
internal sealed class SaveIdentityPolicy(GatehouseDb db, Writer writer, IGeoReader places)
{
    public Task<Result> CreateAsync(PolicyShape shape, PolicyFields fields, CancellationToken cancellationToken) => writer.RunAsync<IdentityPolicy>(
        Topic.Identity,
        async () =>
        {
            var policy = new IdentityPolicy { Id = Guid.CreateVersion7(), Name = "", Kind = shape.Kind, SettingsJson = fields.Over(null, shape) };
            db.IdentityPolicies.Add(policy);
            return await ApplyAsync(policy, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, PolicyShape shape, PolicyFields fields, CancellationToken cancellationToken) => writer.RunAsync<IdentityPolicy>(
        Topic.Identity,
        async () =>
        {
            if (await db.IdentityPolicies.SingleOrDefaultAsync(p => p.Id == id && p.Kind == shape.Kind, cancellationToken) is not { } policy)
            {
                return new Result.Missing();
            }

            policy.SettingsJson = fields.Over(policy.SettingsJson, shape);
            return await ApplyAsync(policy, fields, cancellationToken);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(IdentityPolicy policy, PolicyFields fields, CancellationToken cancellationToken)
    {
        policy.Name = fields.Name.Or(policy.Name);
        policy.LogsRuns = fields.LogsRuns.Or(policy.LogsRuns);
        var faults = Check(policy).ToList();
        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.IdentityPolicies.AnyAsync(p => p.Name == policy.Name && p.Id != policy.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Policy with this name already exists."))
            : new Result.Done(policy);
    }

    // Refused rather than forgotten: a rule that is switched on must not be one that never acts.
    private IEnumerable<Fault> Check(IdentityPolicy policy)
    {
        var settings = (JsonObject)JsonNode.Parse(policy.SettingsJson)!; // written here
        switch (policy.Kind)
        {
            case PolicyKind.Expression when Expression.Read((string?)settings["expression"] ?? "", ExpressionNames.Policy) is ExpressionReading.Refused refused:
                yield return new Fault("expression", refused.Fault.ToString());
                break;
            case PolicyKind.EventMatcher when settings["query"] is not null:
                yield return new Fault("query", "Queries are not supported; use an expression policy on context[\"event\"].");
                break;
            case PolicyKind.Password when (bool?)settings["check_have_i_been_pwned"] == true:
                yield return new Fault("check_have_i_been_pwned", "Passwords are not sent to an outside service. check_zxcvbn knows common passwords without one.");
                break;
            case PolicyKind.GeoIp:
                foreach (var fault in CheckPlaces(settings))
                {
                    yield return fault;
                }

                break;
        }
    }

    private IEnumerable<Fault> CheckPlaces(JsonObject settings)
    {
        if (!places.IsAvailable && !places.KnowsNetworks)
        {
            yield return new Fault("non_field_errors", "There is no database of places: start Gatehouse with --geoip FILE or --asn FILE (MaxMind .mmdb files).");
            yield break;
        }

        if (settings["asns"]?.AsArray() is { Count: > 0 } && !places.KnowsNetworks)
        {
            yield return new Fault("asns", "There is no database of networks: start Gatehouse with --asn FILE.");
        }

        foreach (var name in (string[])["check_history_distance", "check_impossible_travel"])
        {
            if ((bool?)settings[name] == true && !places.IsAvailable)
            {
                yield return new Fault(name, "There is no database of places: start Gatehouse with --geoip FILE.");
            }
        }

        if (settings["countries"]?.AsArray() is { Count: > 0 } && !places.IsAvailable)
        {
            yield return new Fault("countries", "There is no database of places: start Gatehouse with --geoip FILE.");
        }

        foreach (var country in settings["countries"]?.AsArray() ?? [])
        {
            if ((string?)country is not { } code || !Countries.IsOne(code))
            {
                yield return new Fault("countries", $"\"{country}\" is not a valid choice; expected two capital letters (ISO 3166).");
            }
        }
    }
}
