using System.Net;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Access.SignIn;

/// <summary>A session seen as the visitor whom policies judge.</summary>
internal static class SessionIdentity
{
    /// <summary>The identity that the session's sign-in brought.</summary>
    public static VisitorIdentity Of(AccessSession session) => new()
    {
        Email = session.Email,
        LoginMethodId = session.LoginMethodId,
        Claims = SessionClaims.Texts(session.ClaimsJson),
        Amr = session.Amr,
        Passed = session.Passed,
        GrantedAt = session.ParentNonce is null ? null : session.CreatedAt,
    };

    /// <summary>The same person in a session of its own, as clients get one: what the sign-in brought, with other times.</summary>
    public static NewAccessSession Anew(AccessSession session, IPAddress address, TimeSpan duration, TimeSpan longestToken) => new()
    {
        Email = session.Email,
        Name = session.Name,
        Subject = session.Subject,
        ProviderSession = session.ProviderSession,
        LoginMethodId = session.LoginMethodId,
        ClaimsJson = session.ClaimsJson,
        GroupsJson = session.GroupsJson,
        Amr = session.Amr,
        AuthenticatedAt = session.AuthenticatedAt,
        Passed = session.Passed,
        Address = address.ToString(),
        Duration = duration,
        LongestToken = longestToken,
    };
}
