using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Identity.Oidc.Logout;

/// <summary>The yes of a person to the question whether to sign out: only our own page, shown to their session, can carry it.</summary>
internal sealed class LogoutConfirmations(ISecretBox box)
{
    /// <summary>The field that carries it.</summary>
    public const string Confirmation = "gh_confirm";

    /// <summary>The field that asks for the end of the whole session.</summary>
    public const string Everything = "gh_everything";

    /// <summary>The yes, for the page.</summary>
    public string Of(AuthenticatedSession session, ClientApplication application) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(box.DeriveKey("identity logout confirmation v1"), Encoding.UTF8.GetBytes($"{session.Id}\n{application.Id}")));

    /// <summary>Whether <paramref name="parameters"/> carry it.</summary>
    public bool IsGiven(OAuthParameters parameters, AuthenticatedSession session, ClientApplication application) =>
        parameters[Confirmation] is { } given
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Of(session, application)));
}
