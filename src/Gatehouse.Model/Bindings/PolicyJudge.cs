using System.Diagnostics;
using System.Text.Json;
using Gatehouse.Model.Expressions;

namespace Gatehouse.Model.Bindings;

/// <summary>Asks single policies. Pure: all they look at was gathered before.</summary>
public sealed class PolicyJudge(ExpressionCache expressions)
{
    private const string NoEvent = "no event is judged";

    /// <summary>What <paramref name="policy"/> says.</summary>
    public PolicyOutcome Judge(IdentityPolicy policy, PolicyFacts facts, TimeSpan time)
    {
        try
        {
            return PolicySettings.Of(policy) switch
            {
                PolicySettings.Expression settings => Express(settings, facts, time),
                PolicySettings.Reputation settings => Score(settings, facts),
                PolicySettings.EventMatcher settings => MatchEvent(settings, facts),
                PolicySettings.Password settings => PasswordRules.Judge(settings, facts),
                PolicySettings.PasswordExpiry settings => Age(settings, facts),
                PolicySettings.UniquePassword settings => PasswordRules.Judge(settings, facts),
                PolicySettings.GeoIp settings => Locate(settings, facts),
                PolicySettings.Dummy settings => PolicyOutcome.Of(settings.Result, "dummy"),
                _ => throw new UnreachableException(),
            };
        }
        catch (JsonException fault)
        {
            return PolicyOutcome.Faulted("the settings can't be read: " + fault.Message);
        }
    }

    private PolicyOutcome Express(PolicySettings.Expression settings, PolicyFacts facts, TimeSpan time)
    {
        if (expressions.Read(settings.Text, ExpressionNames.Policy) is ExpressionReading.Refused refused)
        {
            return PolicyOutcome.Faulted(refused.Fault.ToString());
        }

        var read = (ExpressionReading.Read)expressions.Read(settings.Text, ExpressionNames.Policy);
        var run = read.Expression.Run(ExpressionFacts.ForPolicy(facts.Person, facts.ClientIp, WithPlace(facts), facts.Application), facts.Clock, time);
        return run.Fault is { } fault
            ? new PolicyOutcome(false, run.Messages, [.. run.Log, fault.ToString()]) { Fault = fault.ToString() }
            : new PolicyOutcome(run.IsTrue, run.Messages, run.Log);
    }

    private static IReadOnlyDictionary<string, object> WithPlace(PolicyFacts facts)
    {
        if (facts.Place is not { } place)
        {
            return facts.Context;
        }

        var context = new Dictionary<string, object>(facts.Context)
        {
            ["geoip"] = new Dictionary<string, object> { ["country"] = place.Country ?? "", ["city"] = place.City ?? "", ["continent"] = place.Continent ?? "" },
        };
        if (place is { Latitude: { } latitude, Longitude: { } longitude })
        {
            ((Dictionary<string, object>)context["geoip"])["lat"] = latitude; // made above
            ((Dictionary<string, object>)context["geoip"])["long"] = longitude;
        }

        if (place.Asn is { } asn)
        {
            context["asn"] = new Dictionary<string, object> { ["asn"] = asn, ["as_org"] = place.AsnOrganization ?? "" };
        }

        return context;
    }

    private static PolicyOutcome Score(PolicySettings.Reputation settings, PolicyFacts facts)
    {
        if (facts.Reputations is not { } scores)
        {
            return PolicyOutcome.Faulted("the scores were not gathered");
        }

        var name = facts.Person.User?.UsernameKey;
        var network = NetworkName.Of(facts.ClientIp);
        if ((settings.ChecksIp && network is null) || (settings.ChecksUsername && name is null && !settings.ChecksIp))
        {
            return PolicyOutcome.Faulted("it is not known whose score counts: no address, or no user");
        }

        var score = scores.Where(s => (!settings.ChecksIp || s.Ip == network) && (!settings.ChecksUsername || name is null || s.Identifier == name)).Sum(s => s.Score);
        return new PolicyOutcome(score <= settings.Threshold, [], [$"score {score}, threshold {settings.Threshold}"]);
    }

    private static PolicyOutcome MatchEvent(PolicySettings.EventMatcher settings, PolicyFacts facts)
    {
        if (facts.Context.GetValueOrDefault(EventFacts.Name) is not IReadOnlyDictionary<string, object> happened)
        {
            return PolicyOutcome.Of(false, NoEvent);
        }

        return PolicyOutcome.Of(EventFacts.Fits(settings, happened));
    }

    private static PolicyOutcome Age(PolicySettings.PasswordExpiry settings, PolicyFacts facts)
    {
        if (facts.Person.User is not { } user)
        {
            return PolicyOutcome.Faulted("it is not known whose password counts");
        }

        var isYoung = facts.Clock.GetUtcNow() - (user.PasswordChangedAt ?? user.CreatedAt) < TimeSpan.FromDays(settings.Days);
        return isYoung
            ? PolicyOutcome.Of(true)
            : PolicyOutcome.Of(false, "Your password has expired.") with { EndsPassword = !settings.OnlyDenies && user.PasswordHash is not null };
    }

    private static PolicyOutcome Locate(PolicySettings.GeoIp settings, PolicyFacts facts)
    {
        if (facts.Place is not { } place)
        {
            return PolicyOutcome.Faulted("it is not known where the address is");
        }

        var isThere = (settings.Asns.Count == 0 && settings.Countries.Count == 0)
            || (place.Asn is { } asn && settings.Asns.Contains(asn))
            || (place.Country is { } country && settings.Countries.Contains(country, StringComparer.OrdinalIgnoreCase));
        if (isThere && (settings.ChecksHistory || settings.ChecksTravel))
        {
            return Travel(settings, place, facts);
        }

        return PolicyOutcome.Of(isThere, "Access from this place is not allowed.") with { Log = [$"country {place.Country ?? "unknown"}, AS {place.Asn?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}"] };
    }

    private static PolicyOutcome Travel(PolicySettings.GeoIp settings, GeoFacts place, PolicyFacts facts) => (place, facts) switch
    {
        ({ Latitude: { } latitude, Longitude: { } longitude }, { PastLogins: { } past }) =>
            Distances.FaultOf(settings, (latitude, longitude), past, facts.Clock.GetUtcNow()) is { } fault ? PolicyOutcome.Of(false, fault) : PolicyOutcome.Of(true),
        (_, { PastLogins: null }) => PolicyOutcome.Faulted("the sign-ins of before were not gathered"),
        _ => PolicyOutcome.Faulted("the coordinates of the address are not known"),
    };
}
