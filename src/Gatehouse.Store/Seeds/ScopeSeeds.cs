using Gatehouse.Model.Providers;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped scope mappings, under authentik's managed ids, by which clients look them up. Their claims are built in; the expression documents them.</summary>
internal static class ScopeSeeds
{
    private const string ManagedPrefix = "goauthentik.io/providers/oauth2/scope-";
    private const string NamePrefix = "authentik default OAuth Mapping: ";

    /// <summary>Managed id of the mapping of <paramref name="scope"/>.</summary>
    public static string ManagedId(string scope) => ManagedPrefix + scope;

    /// <summary>Adds all six.</summary>
    public static void Add(GatehouseDb db, DateTimeOffset now)
    {
        Add("openid", "openid", "OpenID 'openid'", "", "return {}");
        Add("email", "email", "OpenID 'email'", "Email address", """return {"email": request.user.email, "email_verified": False}""");
        Add("profile", "profile", "OpenID 'profile'", "General Profile Information", Profile);
        Add("entitlements", "entitlements", "Application Entitlements", "Application entitlements", Entitlements);
        Add("offline_access", "offline_access", "OpenID 'offline_access'", "Access to request new tokens without interaction", "return {}");
        Add("goauthentik.io/api", "authentik_api", "authentik API access", "authentik API Access on behalf of your user", "return {}");

        void Add(string scope, string suffix, string name, string description, string expression) => db.ScopeMappings.Add(new ScopeMapping
        {
            Id = Guid.CreateVersion7(now),
            Name = NamePrefix + name,
            ScopeName = scope,
            Managed = ManagedId(suffix),
            Description = description,
            Expression = expression,
        });
    }

    private const string Profile =
        """
        return {
            "name": request.user.name,
            "given_name": request.user.name,
            "preferred_username": request.user.username,
            "nickname": request.user.username,
            "groups": [group.name for group in request.user.groups.all()],
        }
        """;

    private const string Entitlements =
        """
        names = [entitlement.name for entitlement in request.user.app_entitlements(provider.application)]
        return {"entitlements": names, "roles": names}
        """;
}
