using System.Globalization;

namespace Gatehouse.Model.Policies;

/// <summary>How a session remembers what a person passed besides the rules of a policy: one text each.</summary>
public static class Passed
{
    /// <summary>Begins what external evaluations said yes.</summary>
    public const string Evaluation = "evaluation ";

    /// <summary>Begins the policies to which a purpose was given.</summary>
    public const string Purpose = "purpose ";

    /// <summary>Begins the policies under which somebody was approved, each with app and end.</summary>
    public const string Approval = "approval ";

    /// <summary>An evaluation that said yes.</summary>
    public static string Of(Rule.ExternalEvaluation rule) => Evaluation + rule.EvaluateUrl + " " + rule.KeysUrl;

    /// <summary>Begins the purpose that was given to a policy; the person's words follow.</summary>
    public static string OfPurpose(Guid policy) => Purpose + policy.ToString("N") + " ";

    /// <summary>The purpose that was given to a policy; null means none.</summary>
    public static string? PurposeOf(IReadOnlyList<string> passed, Guid policy)
    {
        var begin = OfPurpose(policy);
        foreach (var one in passed)
        {
            if (one.StartsWith(begin, StringComparison.Ordinal))
            {
                return one[begin.Length..];
            }
        }

        return null;
    }

    /// <summary>Begins an approval for an app under a policy; its end follows.</summary>
    public static string OfApproval(Guid app, Guid policy) => Approval + app.ToString("N") + " " + policy.ToString("N") + " ";

    /// <summary>An approval for an app under a policy, until then.</summary>
    public static string OfApproval(Guid app, Guid policy, DateTimeOffset until) =>
        OfApproval(app, policy) + until.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>Until when somebody is approved for <paramref name="app"/> under <paramref name="policy"/>; null means not.</summary>
    public static DateTimeOffset? ApprovedUntil(IReadOnlyList<string> passed, Guid app, Guid policy)
    {
        var begin = OfApproval(app, policy);
        foreach (var one in passed)
        {
            if (one.StartsWith(begin, StringComparison.Ordinal) && long.TryParse(one.AsSpan(begin.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var until))
            {
                return DateTimeOffset.FromUnixTimeMilliseconds(until);
            }
        }

        return null;
    }
}
