namespace Gatehouse.Model.Policies;

/// <summary>How the groups of providers are spelled in the claim <c>groups</c>.</summary>
public static class ProviderGroups
{
    /// <summary>The claim that login methods deliver groups in.</summary>
    public const string Claim = "groups";

    /// <summary>A GitHub organization, or one of its teams: <c>org</c> or <c>org/team</c>.</summary>
    public static string GitHub(string organization, string? team) => team is null ? organization : organization + "/" + team;

    /// <summary>Whether <paramref name="held"/>, as a claim spells it, is the group that a rule of this kind names.</summary>
    public static bool Equal(ProviderGroupKind kind, string held, string named) => string.Equals(
        held,
        named,
        // Object ids, account names at GitHub and addresses of groups are the same in any case; names at Okta are not.
        kind == ProviderGroupKind.Okta ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);
}
