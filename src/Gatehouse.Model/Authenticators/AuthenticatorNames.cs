using System.Diagnostics;

namespace Gatehouse.Model.Authenticators;

/// <summary>authentik's words for the classes of authenticator, and the words for people.</summary>
public static class AuthenticatorNames
{
    /// <summary>In challenges and settings: <c>static</c>, <c>totp</c>, <c>webauthn</c>.</summary>
    public static string Word(this AuthenticatorClass which) => which switch
    {
        AuthenticatorClass.Static => "static",
        AuthenticatorClass.Totp => "totp",
        AuthenticatorClass.WebAuthn => "webauthn",
        _ => throw new UnreachableException(),
    };

    /// <summary>The class that <paramref name="word"/> names; null when it names none that there is.</summary>
    public static AuthenticatorClass? Class(string word) => word switch
    {
        "static" => AuthenticatorClass.Static,
        "totp" => AuthenticatorClass.Totp,
        "webauthn" => AuthenticatorClass.WebAuthn,
        _ => null,
    };

    /// <summary>In events and the API: <c>authentik_stages_authenticator_totp.totpdevice</c>.</summary>
    public static string Model(this AuthenticatorClass which) => $"authentik_stages_authenticator_{which.Word()}.{which.Word()}device";

    /// <summary>For people.</summary>
    public static string Label(this AuthenticatorClass which) => which switch
    {
        AuthenticatorClass.Static => "Recovery codes",
        AuthenticatorClass.Totp => "Authenticator app",
        AuthenticatorClass.WebAuthn => "Security key or passkey",
        _ => throw new UnreachableException(),
    };

    /// <summary>The longest name that its owner may give it.</summary>
    public static int LongestName(this AuthenticatorClass which) => which == AuthenticatorClass.WebAuthn ? 200 : 64;
}
