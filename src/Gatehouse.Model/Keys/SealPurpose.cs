namespace Gatehouse.Model.Keys;

/// <summary>The words that sealed columns are bound to (see <see cref="ISecretBox"/>). Who writes a column and who reads it use the same.</summary>
public static class SealPurpose
{
    /// <summary><c>OAuth2Provider.SealedClientSecret</c>: UTF-8.</summary>
    public const string ProviderClientSecret = "oauth2 provider client secret";

    /// <summary><c>LoginMethod.SealedClientSecret</c>: UTF-8.</summary>
    public const string LoginMethodClientSecret = "login method client secret";

    /// <summary><c>KeyPair.SealedPrivateKey</c>: PKCS#8.</summary>
    public const string KeyPair = "key pair";
}
