using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;

namespace Gatehouse.Management.Tokens;

/// <summary>Makes, seals and opens the keys of tokens. Looked up by their hash; sealed beside it, since their owners may see them again.</summary>
internal sealed class TokenKeys(ISecretBox secrets, ISnapshot<SystemSettings> settings)
{
    private const int Shortest = 8;
    private const int Longest = 4096;

    /// <summary>A fresh key.</summary>
    public string Make() => TokenKey.New(settings.Current.TokenLength);

    /// <summary>Gives <paramref name="token"/> this key; the old one is worthless at once.</summary>
    public void Put(ApiToken token, string key)
    {
        token.KeyHash = FindCaller.HashOf(key);
        token.SealedKey = Seal(key);
    }

    /// <summary>The form in which a key is kept beside its hash.</summary>
    public byte[] Seal(string key) => TokenKey.Seal(secrets, key);

    /// <summary>The key; null when it was never known whole.</summary>
    public string? Open(ApiToken token) =>
        token.SealedKey is { } sealedKey && secrets.Open(sealedKey, SecretPurposes.ApiTokenKey) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>What is wrong with a key that somebody chose; null means nothing.</summary>
    public static string? Fault(string key) => key.Length is < Shortest or > Longest || key.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? $"A key has {Shortest} to {Longest} printable ASCII characters and no space."
        : null;
}
