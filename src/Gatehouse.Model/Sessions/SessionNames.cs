using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Sessions;

/// <summary>What clients call a browser session: the <c>sid</c> of ID tokens and logout tokens.</summary>
public static class SessionNames
{
    /// <summary>
    /// The <c>sid</c> of the session with this public id, which stays when the person proves anew who they are. Hashed, since that id names
    /// the session in the API.
    /// </summary>
    public static string Of(Guid sessionUuid) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"sid of session {sessionUuid:D}")));
}
