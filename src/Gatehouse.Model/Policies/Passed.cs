using System.Globalization;

namespace Gatehouse.Model.Policies;

/// <summary>How a session remembers what a person passed besides the rules of a policy: one text each.</summary>
public static class Passed
{
    /// <summary>Begins what external evaluations said.</summary>
    public const string Evaluation = "evaluation ";

    /// <summary>Begins the policies to which a purpose was given.</summary>
    public const string Purpose = "purpose ";

    /// <summary>Begins the policies under which somebody was approved, each with app and end.</summary>
    public const string Approval = "approval ";

    /// <summary>Begins the proofs by a second factor, each with its kind and moment.</summary>
    public const string Mfa = "mfa ";

    /// <summary>Begins a proof by a kind of second factor; its moment follows.</summary>
    public static string OfMfa(MfaMethods method) => Mfa + method.Word() + " ";

    /// <summary>A proof by a kind of second factor, given then.</summary>
    public static string OfMfa(MfaMethods method, DateTimeOffset at) => OfMfa(method) + at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The kind and the moment of a proof; null when <paramref name="passed"/> is none.</summary>
    public static (MfaMethods Method, DateTimeOffset At)? MfaOf(string passed)
    {
        if (!passed.StartsWith(Mfa, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = passed.AsSpan(Mfa.Length);
        return rest.IndexOf(' ') is > 0 and var space && MfaWords.Of(rest[..space]) is var method && method != MfaMethods.None && MomentOf(rest[(space + 1)..]) is { } at ? (method, at) : null;
    }

    /// <summary>A proof by a kind of second factor that was given then for one entry to an app. It begins as other proofs by that kind do.</summary>
    public static string OfEntry(MfaMethods method, DateTimeOffset at, Guid app) => OfMfa(method, at) + " " + app.ToString("N");

    /// <summary>The kind and the moment of a proof for one entry to <paramref name="app"/>; null when <paramref name="passed"/> is none.</summary>
    public static (MfaMethods Method, DateTimeOffset At)? EntryOf(string passed, Guid app) =>
        passed.LastIndexOf(' ') is > 0 and var space && passed.AsSpan(space + 1).SequenceEqual(app.ToString("N")) ? MfaOf(passed[..space]) : null;

    /// <summary>Begins the moment of the sign-in that the reported methods are about.</summary>
    public const string SignIn = "signed-in ";

    /// <summary>The moment of the sign-in that the reported methods are about.</summary>
    public static string OfSignIn(DateTimeOffset at) => SignIn + at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The moment of a sign-in; null when <paramref name="passed"/> is none.</summary>
    public static DateTimeOffset? SignInOf(string passed) => passed.StartsWith(SignIn, StringComparison.Ordinal) ? MomentOf(passed.AsSpan(SignIn.Length)) : null;

    private static DateTimeOffset? MomentOf(ReadOnlySpan<char> text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    /// <summary>An evaluation that said yes.</summary>
    public static string Of(Rule.ExternalEvaluation rule) => Evaluation + rule.EvaluateUrl + " " + rule.KeysUrl;

    /// <summary>An evaluation that said no, which is another thing than not to answer.</summary>
    public static string RefusedBy(Rule.ExternalEvaluation rule) => Evaluation + "no " + rule.EvaluateUrl + " " + rule.KeysUrl;

    /// <summary>What somebody passed, and a no of all services in <paramref name="asked"/> that have said nothing: for judging what is not decided here.</summary>
    public static IReadOnlyList<string> WithoutDoubt(IReadOnlyList<string> passed, IEnumerable<Rule.ExternalEvaluation> asked) =>
        [.. passed, .. asked.Where(e => !passed.Contains(Of(e))).Select(RefusedBy)];

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
