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
