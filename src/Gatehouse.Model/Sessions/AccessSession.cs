namespace Gatehouse.Model.Sessions;

/// <summary>A person as Access knows them: one per address, with a stable id.</summary>
public sealed class AccessUser
{
    /// <summary>The <c>sub</c> of tokens.</summary>
    public required Guid Id { get; init; }

    /// <summary>Canonical address; unique.</summary>
    public required string Email { get; init; }

    /// <summary>As the login method gave it last.</summary>
    public string Name { get; set; } = "";

    /// <summary>Whether they hold a seat: since they last signed in, until somebody takes it.</summary>
    public bool HasSeat { get; set; } = true;

    /// <summary>When first seen.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When they last signed in.</summary>
    public DateTimeOffset LastLoginAt { get; set; }
}

/// <summary>One sign-in at Access and the identity it brought. App tokens and the org token carry its nonce.</summary>
public sealed class AccessSession
{
    /// <summary>Random name of the session (<c>identity_nonce</c>): 22 characters.</summary>
    public required string Nonce { get; init; }

    /// <summary>Whose.</summary>
    public required Guid UserId { get; init; }

    /// <summary>Canonical address at sign-in.</summary>
    public required string Email { get; init; }

    /// <summary>Display name; may be empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>The provider's subject.</summary>
    public required string Subject { get; set; }

    /// <summary>The provider's name of its own session (<c>sid</c>); empty when it gave none.</summary>
    public string ProviderSession { get; set; } = "";

    /// <summary>The login method used.</summary>
    public required Guid LoginMethodId { get; init; }

    /// <summary>Claims as the login method gave them, as JSON object; <see cref="SessionClaims"/> reads them.</summary>
    public required string ClaimsJson { get; set; }

    /// <summary>Groups as the provider delivered them, as JSON array.</summary>
    public string GroupsJson { get; set; } = "[]";

    /// <summary>Authentication methods the provider reported (RFC 8176).</summary>
    public List<string> Amr { get; set; } = [];

    /// <summary>What they passed besides policies (see <c>Passed</c>): external evaluations, questions for a purpose, approvals.</summary>
    public List<string> Passed { get; set; } = [];

    /// <summary>SHA-256 of the round trip to the login method that began it and of what that answered, lower-case hex; null when none did.</summary>
    public string? BegunBy { get; init; }

    /// <summary>The browser's session in which this one was granted to a program, which ends with it; null when a person signed in.</summary>
    public string? ParentNonce { get; set; }

    /// <summary>Client address at sign-in.</summary>
    public required string Address { get; init; }

    /// <summary>When the person proved who they are, as the login method says; null means that it did not say.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>When the session began: the login method may have let the person pass with an earlier sign-in.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the person signed in, as far as anybody knows.</summary>
    public DateTimeOffset SignedInAt => AuthenticatedAt ?? CreatedAt;

    /// <summary>When the sign-in ends for every app that asks again.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>No token of this session lives longer; ended sessions are remembered until then.</summary>
    public DateTimeOffset ForgetAt { get; set; }

    /// <summary>When it was ended; null means it has not been.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Puts <paramref name="passed"/> in place of what it has passed of the kind <paramref name="prefix"/>.</summary>
    public void Pass(string prefix, params IReadOnlyList<string> passed) => Passed = [.. Passed.Where(p => !p.StartsWith(prefix, StringComparison.Ordinal)), .. passed];

    /// <summary>
    /// Takes over what a newer sign-in of the same person at the same login method said of them. Purposes, approvals and second factors stay: they are about what was
    /// granted here, and each ends by itself.
    /// </summary>
    public void Follow(AccessSession newer)
    {
        (Name, Subject, ProviderSession) = (newer.Name, newer.Subject, newer.ProviderSession);
        (ClaimsJson, GroupsJson, Amr) = (newer.ClaimsJson, newer.GroupsJson, [.. newer.Amr]);
        Passed = [.. Passed.Where(p => !IsOfSignIn(p)), .. newer.Passed.Where(IsOfSignIn)];
    }

    private static bool IsOfSignIn(string passed) => passed.StartsWith(Policies.Passed.Evaluation, StringComparison.Ordinal) || passed.StartsWith(Policies.Passed.SignIn, StringComparison.Ordinal);
}

/// <summary>A one-use code that has been used, kept until it would have expired.</summary>
public sealed class BurntCode
{
    /// <summary>The code's random id.</summary>
    public required string Id { get; init; }

    /// <summary>When it may be forgotten.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}
