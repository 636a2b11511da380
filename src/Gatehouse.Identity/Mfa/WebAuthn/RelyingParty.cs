using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Identity.Mfa.WebAuthn;

/// <summary>Who people prove themselves to: Identity's own host, by configuration and never by what a request says.</summary>
internal sealed class RelyingParty(PublicUrls urls)
{
    private readonly byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(urls.IdentityHost));

    /// <summary>The host credentials are made for.</summary>
    public string Id => urls.IdentityHost;

    /// <summary>The one origin whose pages may ask for them.</summary>
    public string Origin => urls.Identity;

    /// <summary>Whether <paramref name="rpIdHash"/> is that of <see cref="Id"/>.</summary>
    public bool IsUs(ReadOnlySpan<byte> rpIdHash) => rpIdHash.SequenceEqual(hash);
}
