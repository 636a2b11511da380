using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>Kinds that authentik has and Gatehouse does not: empty lists, so that clients which look around find nothing rather than an error. Making one is 405.</summary>
internal sealed class EmptyKinds
{
    private static readonly string[] Lists =
    [
        "/authenticators/duo/", "/authenticators/email/", "/authenticators/endpoint/", "/authenticators/sms/",
        "/core/application_entitlements/requestable/", "/core/applications/requestable/",
        "/endpoints/connectors/", "/endpoints/device_access_groups/", "/endpoints/device_bindings/", "/endpoints/devices/", "/endpoints/agents/connectors/",
        "/endpoints/agents/enrollment_tokens/", "/endpoints/fleet/connectors/", "/endpoints/google_chrome/connectors/",
        "/lifecycle/rules/", "/lifecycle/user_offboarding/",
        "/outposts/instances/", "/outposts/ldap/", "/outposts/proxy/", "/outposts/radius/", "/outposts/service_connections/all/",
        "/outposts/service_connections/docker/", "/outposts/service_connections/kubernetes/",
        "/propertymappings/provider/google_workspace/", "/propertymappings/provider/microsoft_entra/",
        "/propertymappings/provider/rac/", "/propertymappings/provider/radius/", "/propertymappings/provider/saml/", "/propertymappings/provider/scim/",
        "/propertymappings/source/kerberos/", "/propertymappings/source/ldap/", "/propertymappings/source/oauth/", "/propertymappings/source/plex/",
        "/propertymappings/source/saml/", "/propertymappings/source/scim/", "/propertymappings/source/telegram/",
        "/providers/google_workspace/", "/providers/ldap/", "/providers/microsoft_entra/", "/providers/proxy/", "/providers/rac/", "/providers/radius/",
        "/providers/saml/", "/providers/scim/", "/providers/ssf/", "/providers/wsfed/", "/providers/google_workspace_groups/",
        "/providers/google_workspace_users/", "/providers/microsoft_entra_groups/", "/providers/microsoft_entra_users/", "/providers/scim_groups/", "/providers/scim_users/",
        "/rac/connection_tokens/", "/rac/endpoints/",
        "/rbac/initial_permissions/", "/rbac/permissions/", "/rbac/permissions/assigned_by_roles/", "/rbac/permissions/roles/", "/rbac/roles/",
        "/reports/exports/", "/requests/grant-requests/", "/requests/grant-requests/pending_review/", "/requests/rule-bindings/",
        "/requests/rule-child-bindings/", "/requests/rules/",
        "/sources/group_connections/all/", "/sources/group_connections/kerberos/", "/sources/group_connections/ldap/", "/sources/group_connections/oauth/",
        "/sources/group_connections/plex/", "/sources/group_connections/saml/", "/sources/group_connections/telegram/", "/sources/scim_groups/", "/sources/scim_users/",
        "/sources/kerberos/", "/sources/ldap/", "/sources/oauth/", "/sources/plex/", "/sources/saml/", "/sources/scim/",
        "/sources/telegram/", "/sources/user_connections/all/", "/sources/user_connections/kerberos/", "/sources/user_connections/ldap/",
        "/sources/user_connections/oauth/", "/sources/user_connections/plex/", "/sources/user_connections/saml/", "/sources/user_connections/telegram/",
        "/ssf/streams/", "/tasks/schedules/", "/tasks/tasks/",
    ];

    private static readonly string[] ForSuperusers =
        ["/authenticators/admin/duo/", "/authenticators/admin/email/", "/authenticators/admin/endpoint/", "/authenticators/admin/sms/"];

    private static readonly string[] PlainLists =
    [
        "/endpoints/connectors/types/", "/outposts/service_connections/all/types/", "/sources/all/types/", "/sources/all/user_settings/",
        "/sources/oauth/source_types/", "/tasks/workers/",
    ];

    // Its own kind: the passwords that Gatehouse keeps. Clients look it up by slug and put it into identification stages.
    private static readonly Guid BuiltIn = new("8e7c5d0e-2f5b-5d3a-9c1e-6a6f0d1b7c11");

    public static void Map(ApiRoutes routes)
    {
        foreach (var (path, need) in Lists.Select(p => (p, Need.User)).Concat(ForSuperusers.Select(p => (p, Need.Superuser))))
        {
            routes.Get<EmptyKinds>(path, need, (_, r) => new ListQuery(r.Query).AnswerAsync(_ => Task.FromResult(new Slice<string>([], 0)), _ => []));
        }

        foreach (var path in PlainLists)
        {
            routes.Get<EmptyKinds>(path, Need.User, (_, _) => Task.FromResult(Answer.Ok(new JsonArray())));
        }

        routes
            .Get<EmptyKinds>("/sources/all/", Need.Superuser, (_, r) => SourcesAsync(r))
            .Get<EmptyKinds>("/sources/all/{slug}/", Need.Superuser, (_, r) => Task.FromResult(r.Route("slug") == "authentik-built-in" ? Answer.Ok(Source()) : Answer.NotFound("Source")))
            .Get<EmptyKinds>("/providers/all/types/", Need.Superuser, (_, _) => Task.FromResult(ProviderTypes()));
    }

    private static Task<IResult> SourcesAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        _ = query.Word("ordering", ["name", "-name", "slug", "-slug", "pk", "-pk"]);
        var isMeant = query.Text("slug") is null or "authentik-built-in" && query.Text("name") is null or "authentik Built-in"
            && query.Text("managed") is null or "goauthentik.io/sources/inbuilt" && (query.Id("pbm_uuid") ?? BuiltIn) == BuiltIn;
        return query.AnswerAsync(p => Task.FromResult(new Slice<int>(isMeant && p.Page == 1 ? [1] : [], isMeant ? 1 : 0)), _ => Source());
    }

    private static JsonObject Source() => new()
    {
        ["pk"] = BuiltIn.ToString(),
        ["name"] = "authentik Built-in",
        ["slug"] = "authentik-built-in",
        ["enabled"] = true,
        ["promoted"] = false,
        ["authentication_flow"] = null,
        ["enrollment_flow"] = null,
        ["user_property_mappings"] = new JsonArray(),
        ["group_property_mappings"] = new JsonArray(),
        ["component"] = "",
        ["verbose_name"] = "Source",
        ["verbose_name_plural"] = "Sources",
        ["meta_model_name"] = "authentik_core.source",
        ["policy_engine_mode"] = "any",
        ["user_matching_mode"] = "identifier",
        ["managed"] = "goauthentik.io/sources/inbuilt",
        ["user_path_template"] = "goauthentik.io/sources/%(slug)s",
        ["icon"] = "",
        ["icon_url"] = null,
        ["icon_themed_urls"] = null,
    };

    private static IResult ProviderTypes() => Answer.Ok(new JsonArray(new JsonObject
    {
        ["name"] = "OAuth2/OpenID Provider",
        ["description"] = "OAuth2 Provider for generic OAuth and OpenID Connect Applications.",
        ["component"] = "ak-provider-oauth2-form",
        ["model_name"] = "oauth2provider",
        ["icon_url"] = "/static/person.svg",
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    }));
}
