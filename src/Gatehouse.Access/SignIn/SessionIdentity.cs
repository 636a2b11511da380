using System.Net;
using System.Text.Json;
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
        Claims = ClaimsOf(session),
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
        Claims = ClaimsOf(session),
        GroupsJson = session.GroupsJson,
        Amr = session.Amr,
        AuthenticatedAt = session.AuthenticatedAt,
        Passed = session.Passed,
        Address = address.ToString(),
        Duration = duration,
        LongestToken = longestToken,
    };

    /// <summary>Claims by name.</summary>
    public static Dictionary<string, IReadOnlyList<string>> ClaimsOf(AccessSession session)
    {
        using var json = JsonDocument.Parse(session.ClaimsJson);
        return json.RootElement.EnumerateObject().ToDictionary(
            p => p.Name,
            p => (IReadOnlyList<string>)[.. p.Value.EnumerateArray().Select(v => v.GetString() ?? "")],
            StringComparer.Ordinal);
    }
}
