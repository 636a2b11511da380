namespace Gatehouse.Model.Keys;

/// <summary>The words that secrets in the database are sealed with; who writes one and who reads it use the same constant.</summary>
public static class SealPurpose
{
    /// <summary><see cref="Providers.OAuth2Provider.SealedClientSecret"/>: the secret as UTF-8.</summary>
    public const string ClientSecret = "oauth2 client secret";

    /// <summary><see cref="KeyPair.SealedPrivateKey"/>: the PKCS#8 private key as DER.</summary>
    public const string KeyPair = "key pair";
}
