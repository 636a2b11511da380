namespace Gatehouse.Management.Blueprints;

/// <summary>Where the objects of a blueprint's models are kept in the API, and what names one of them there.</summary>
/// <param name="Path">The collection.</param>
/// <param name="Key">The field of an object that stands in its path.</param>
/// <param name="Reference">The field by which others name it.</param>
internal sealed record BlueprintModel(string Path, string Key = "pk", string Reference = "pk");

/// <summary>The models that blueprints may hold, under authentik's names. A resource that the API does not serve is refused when it is used.</summary>
internal static class BlueprintModels
{
    private static readonly Dictionary<string, BlueprintModel> Known = new(StringComparer.Ordinal)
    {
        ["authentik_core.user"] = new("/core/users/"),
        ["authentik_core.group"] = new("/core/groups/"),
        ["authentik_core.token"] = new("/core/tokens/", "identifier"),
        ["authentik_core.application"] = new("/core/applications/", "slug"),
        ["authentik_core.applicationentitlement"] = new("/core/application_entitlements/", "pbm_uuid", "pbm_uuid"),
        ["authentik_providers_oauth2.oauth2provider"] = new("/providers/oauth2/"),
        ["authentik_providers_oauth2.scopemapping"] = new("/propertymappings/provider/scope/"),
        ["authentik_crypto.certificatekeypair"] = new("/crypto/certificatekeypairs/"),
        ["authentik_brands.brand"] = new("/core/brands/", "brand_uuid", "brand_uuid"),
        ["authentik_events.notificationwebhookmapping"] = new("/propertymappings/notification/"),
        ["authentik_events.notificationtransport"] = new("/events/transports/"),
        ["authentik_events.notificationrule"] = new("/events/rules/"),
        ["authentik_flows.flow"] = new("/flows/instances/", "slug"),
        ["authentik_flows.flowstagebinding"] = new("/flows/bindings/"),
        ["authentik_policies.policybinding"] = new("/policies/bindings/"),
        ["authentik_policies_expression.expressionpolicy"] = new("/policies/expression/"),
        ["authentik_policies_event_matcher.eventmatcherpolicy"] = new("/policies/event_matcher/"),
        ["authentik_policies_password.passwordpolicy"] = new("/policies/password/"),
        ["authentik_policies_expiry.passwordexpirypolicy"] = new("/policies/password_expiry/"),
        ["authentik_policies_unique_password.uniquepasswordpolicy"] = new("/policies/unique_password/"),
        ["authentik_policies_reputation.reputationpolicy"] = new("/policies/reputation/"),
        ["authentik_policies_geoip.geoippolicy"] = new("/policies/geoip/"),
        ["authentik_policies_dummy.dummypolicy"] = new("/policies/dummy/"),
        ["authentik_stages_identification.identificationstage"] = new("/stages/identification/"),
        ["authentik_stages_password.passwordstage"] = new("/stages/password/"),
        ["authentik_stages_user_login.userloginstage"] = new("/stages/user_login/"),
        ["authentik_stages_user_logout.userlogoutstage"] = new("/stages/user_logout/"),
        ["authentik_stages_user_write.userwritestage"] = new("/stages/user_write/"),
        ["authentik_stages_user_delete.userdeletestage"] = new("/stages/user_delete/"),
        ["authentik_stages_consent.consentstage"] = new("/stages/consent/"),
        ["authentik_stages_deny.denystage"] = new("/stages/deny/"),
        ["authentik_stages_dummy.dummystage"] = new("/stages/dummy/"),
        ["authentik_stages_redirect.redirectstage"] = new("/stages/redirect/"),
        ["authentik_stages_email.emailstage"] = new("/stages/email/"),
        ["authentik_stages_prompt.promptstage"] = new("/stages/prompt/stages/"),
        ["authentik_stages_prompt.prompt"] = new("/stages/prompt/prompts/"),
        ["authentik_stages_invitation.invitationstage"] = new("/stages/invitation/stages/"),
        ["authentik_stages_invitation.invitation"] = new("/stages/invitation/invitations/"),
        ["authentik_stages_authenticator_validate.authenticatorvalidatestage"] = new("/stages/authenticator/validate/"),
        ["authentik_stages_authenticator_totp.authenticatortotpstage"] = new("/stages/authenticator/totp/"),
        ["authentik_stages_authenticator_static.authenticatorstaticstage"] = new("/stages/authenticator/static/"),
        ["authentik_stages_authenticator_webauthn.authenticatorwebauthnstage"] = new("/stages/authenticator/webauthn/"),
        ["authentik_stages_authenticator_email.authenticatoremailstage"] = new("/stages/authenticator/email/"),
        ["authentik_core.source"] = new("/sources/all/", "slug"),
    };

    /// <summary>The collections of all of them.</summary>
    public static IEnumerable<string> Paths => Known.Values.Select(k => k.Path);

    /// <summary>The model; null when blueprints can't hold it here.</summary>
    public static BlueprintModel? Find(string name) => Known.GetValueOrDefault(name.ToLowerInvariant());
}
