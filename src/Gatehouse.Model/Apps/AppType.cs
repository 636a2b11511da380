namespace Gatehouse.Model.Apps;

/// <summary>What kind of application it is. Never changes.</summary>
public enum AppType
{
    /// <summary>Behind the gateway, under hostnames.</summary>
    SelfHosted,

    /// <summary>Somewhere else; people sign in to it through Access by OpenID Connect or SAML.</summary>
    Saas,

    /// <summary>A link in the App Launcher, and no more.</summary>
    Bookmark,

    /// <summary>The App Launcher itself: who may open it, and how it looks. There is one at most.</summary>
    AppLauncher,
}
