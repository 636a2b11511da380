namespace Gatehouse.Model.Policies;

/// <summary>What an app or a policy says about Access's own second factor. It goes before what stands above it: policy, app, organization.</summary>
/// <param name="IsDisabled">Nobody is asked, whatever stands above.</param>
/// <param name="Allowed">The kinds that count; none means those of above.</param>
/// <param name="Duration">How long a proof counts; zero means for one entry. Null means as above.</param>
public sealed record MfaRules(bool IsDisabled, MfaMethods Allowed, TimeSpan? Duration);

/// <summary>What the organization says about Access's own second factor.</summary>
/// <param name="Allowed">The kinds that people may enrol; none means that it is off.</param>
/// <param name="Duration">How long a proof counts; zero means for one entry. Null means a day.</param>
/// <param name="AmrDuration">How long a second factor counts that the login method reports; zero means for the entry after that sign-in. Null means that it never does.</param>
public sealed record OrganizationMfa(MfaMethods Allowed, TimeSpan? Duration, TimeSpan? AmrDuration);
