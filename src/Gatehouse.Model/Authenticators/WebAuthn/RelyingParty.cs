using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>Who people prove themselves to: a host of ours, by configuration and never by what a request says.</summary>
/// <param name="host">The host credentials are made for.</param>
/// <param name="origin">The one origin whose pages may ask for them.</param>
public sealed class RelyingParty(string host, string origin)
{
    private readonly byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(host));

    /// <summary>The host credentials are made for.</summary>
    public string Id { get; } = host;

    /// <summary>The one origin whose pages may ask for them.</summary>
    public string Origin { get; } = origin;

    /// <summary>Whether <paramref name="rpIdHash"/> is that of <see cref="Id"/>.</summary>
    public bool IsUs(ReadOnlySpan<byte> rpIdHash) => rpIdHash.SequenceEqual(hash);
}
