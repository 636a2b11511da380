using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>
/// Marks that travel through the browser between the steps of one round of authorization: "a sign-in was demanded at this instant",
/// "this session agreed", "this account was chosen". Sealed, short-lived, and bound to the exact request, so that none can be made up or carried to another one.
/// </summary>
internal sealed class RoundMarkers(ISecretBox box, TimeProvider clock)
{
    /// <summary>Parameter: a sign-in was demanded.</summary>
    public const string Login = "gh_login";

    /// <summary>Parameter: the authorization flow was finished.</summary>
    public const string Consent = "gh_consent";

    /// <summary>Parameter: the person chose to go on as who they are.</summary>
    public const string Account = "gh_account";

    // Instant and fingerprint; the key of a session follows.
    private const int HeadLength = sizeof(long) + SHA256.HashSizeInBytes;

    // Long enough to sign in with a second factor, too short to be found again in a history.
    private static readonly TimeSpan LoginLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan AccountLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan ConsentLife = TimeSpan.FromMinutes(1);

    /// <summary>Marks that <paramref name="request"/> demands a sign-in from now on. <paramref name="session"/>: the one that is not enough.</summary>
    public string DemandLogin(AuthorizeRequest request, AuthenticatedSession? session) => Make(request, session?.Id ?? "", Login);

    /// <summary>Whether <paramref name="session"/> was begun since the mark in <paramref name="request"/> was made.</summary>
    public bool IsLoginDone(AuthorizeRequest request, AuthenticatedSession session) =>
        Read(request, Login, LoginLife) is var (at, earlierSession)
        && (session.AuthenticatedAt > at || (session.AuthenticatedAt == at && session.Id != earlierSession));

    /// <summary>Marks that <paramref name="session"/> finished the authorization flow.</summary>
    public string Agree(AuthorizeRequest request, AuthenticatedSession session) => Make(request, session.Id, Consent);

    /// <summary>Whether <paramref name="session"/> finished the authorization flow for <paramref name="request"/>.</summary>
    public bool IsAgreed(AuthorizeRequest request, AuthenticatedSession session) =>
        Read(request, Consent, ConsentLife) is var (_, agreed) && agreed == session.Id;

    /// <summary>Marks that whoever uses <paramref name="session"/> goes on as its user.</summary>
    public string Choose(AuthorizeRequest request, AuthenticatedSession session) => Make(request, session.Id, Account);

    /// <summary>Whether the user of <paramref name="session"/> was chosen for <paramref name="request"/>.</summary>
    public bool IsChosen(AuthorizeRequest request, AuthenticatedSession session) =>
        Read(request, Account, AccountLife) is var (_, chosen) && chosen == session.Id;

    private string Make(AuthorizeRequest request, string sessionId, string kind)
    {
        var plain = new byte[HeadLength + Encoding.ASCII.GetByteCount(sessionId)];
        BinaryPrimitives.WriteInt64BigEndian(plain, clock.GetUtcNow().ToUnixTimeMilliseconds());
        request.Fingerprint().CopyTo(plain, sizeof(long));
        Encoding.ASCII.GetBytes(sessionId, plain.AsSpan(HeadLength));
        return Base64Url.EncodeToString(box.Seal(plain, Purpose(kind)));
    }

    private (DateTimeOffset At, string SessionId)? Read(AuthorizeRequest request, string kind, TimeSpan life)
    {
        if (request.Parameters[kind] is not { Length: <= 512 } text || !Base64Url.IsValid(text)
            || box.Open(Base64Url.DecodeFromChars(text), Purpose(kind)) is not { Length: >= HeadLength } plain
            || !plain.AsSpan(sizeof(long), SHA256.HashSizeInBytes).SequenceEqual(request.Fingerprint()))
        {
            return null;
        }

        var at = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(plain));
        return at + life > clock.GetUtcNow() ? (at, Encoding.ASCII.GetString(plain, HeadLength, plain.Length - HeadLength)) : null;
    }

    private static string Purpose(string kind) => $"oidc round marker {kind} v1";
}
