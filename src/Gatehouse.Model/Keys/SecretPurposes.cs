namespace Gatehouse.Model.Keys;

/// <summary>The purposes under which <see cref="ISecretBox"/> seals what the database keeps. Stored data depends on them: never change one.</summary>
public static class SecretPurposes
{
    /// <summary>Client secret of an OAuth2 provider.</summary>
    public const string OAuth2ProviderClientSecret = "OAuth2Provider.client_secret";

    /// <summary>Client secret of a login method.</summary>
    public const string LoginMethodClientSecret = "LoginMethod.client_secret";

    /// <summary>Ticket to try a login method once.</summary>
    public const string LoginMethodTest = "LoginMethod.test";

    /// <summary>Secret of a tunnel.</summary>
    public const string TunnelSecret = "Tunnel.secret";

    /// <summary>Private key (PKCS#8) of an Access signing key.</summary>
    public const string AccessKeyPrivateKey = "AccessKey.private_key";

    /// <summary>Private key (PKCS#8) of a certificate-key pair of Identity.</summary>
    public const string KeyPairPrivateKey = "KeyPair.private_key";

    /// <summary>Shared secret of an authenticator app.</summary>
    public const string TotpDeviceSecret = "TotpDevice.secret";

    /// <summary>Shared secret of an authenticator app that was enrolled at Access.</summary>
    public const string AccessTotpSecret = "AccessTotp.secret";

    /// <summary>What an enrolment that is under way holds: a shared secret, or recovery codes.</summary>
    public const string Enrolment = "FlowPlan.enrolment";

    /// <summary>Certificate and private key (PEM) of the local certificate authority.</summary>
    public const string LocalCa = "tls.local-ca";

    /// <summary>Private key (PKCS#8) of the certificate that the listener shows.</summary>
    public const string TlsPrivateKey = "Tls.private_key";

    /// <summary>The known text that proves that the root key is the one the database was sealed with.</summary>
    public const string Canary = "canary";

    /// <summary>Password of the demo's user.</summary>
    public const string DemoPassword = "Demo.password";

    /// <summary>Key of a token of the APIs, so that its owner may see it again.</summary>
    public const string ApiTokenKey = "ApiToken.key";

    /// <summary>URL of a webhook: chat services put the secret into it.</summary>
    public const string TransportUrl = "NotificationTransport.webhook_url";

    /// <summary>Expression that makes what a webhook is sent.</summary>
    public const string WebhookMapping = "WebhookMapping.expression";

    /// <summary>A write-only setting of a stage, such as the password of its mail server.</summary>
    public const string StageSecret = "Stage.secret";
}
