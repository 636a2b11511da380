using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Settings;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/admin/ (contract §4.15): the machine, what there is to match events by, and the settings.</summary>
internal sealed class Admin(SaveSystemSettings save, ISnapshot<SystemSettings> settings, PublicUrls urls, TimeProvider clock)
{
    private const string Masked = "*****";

    private static readonly (string Name, string Label)[] Apps =
    [
        ("authentik.core", "authentik Core"), ("authentik.events", "authentik Events"), ("authentik.flows", "authentik Flows"),
        ("authentik.policies", "authentik Policies"), ("authentik.providers.oauth2", "authentik Providers.OAuth2"), ("authentik.crypto", "authentik Crypto"),
        ("authentik.brands", "authentik Brands"), ("authentik.blueprints", "authentik Blueprints"),
    ];

    private static readonly (string Name, string Label)[] Models =
    [
        ("authentik_core.user", "User"), ("authentik_core.group", "Group"), ("authentik_core.token", "Token"), ("authentik_core.application", "Application"),
        ("authentik_core.authenticatedsession", "Authenticated Session"), ("authentik_core.userconsent", "User Consent"),
        ("authentik_providers_oauth2.oauth2provider", "OAuth2/OpenID Provider"), ("authentik_providers_oauth2.scopemapping", "Scope Mapping"),
        ("authentik_crypto.certificatekeypair", "Certificate-Key Pair"), ("authentik_brands.brand", "Brand"), ("authentik_flows.flow", "Flow"),
        ("authentik_flows.flowstagebinding", "Flow Stage Binding"), ("authentik_policies.policybinding", "Policy Binding"),
        ("authentik_events.notificationrule", "Notification Rule"), ("authentik_events.notificationtransport", "Notification Transport"),
        ("authentik_blueprints.blueprintinstance", "Blueprint Instance"),
    ];

    public static void Map(ApiRoutes routes) => routes
        .Get<Admin>("/admin/system/", Need.Superuser, (a, r) => Task.FromResult(a.Machine(r)))
        .Post<Admin>("/admin/system/", Need.Superuser, (a, r) => Task.FromResult(a.Machine(r)))
        .Get<Admin>("/admin/apps/", Need.Superuser, (_, _) => Task.FromResult(Named(Apps)))
        .Get<Admin>("/admin/models/", Need.Superuser, (_, _) => Task.FromResult(Named(Models)))
        .Get<Admin>("/admin/version/history/", Need.Superuser, (_, _) => Task.FromResult(Answer.Ok(new JsonArray())))
        .Get<Admin>("/admin/settings/", Need.Superuser, (a, _) => Task.FromResult(Answer.Ok(Body(a.settings.Current, a.urls))))
        .Put<Admin>("/admin/settings/", Need.Superuser, (a, r) => a.UpdateAsync(r, isPartial: false))
        .Patch<Admin>("/admin/settings/", Need.Superuser, (a, r) => a.UpdateAsync(r, isPartial: true));

    private readonly ISnapshot<SystemSettings> settings = settings;
    private readonly PublicUrls urls = urls;

    private static IResult Named(IEnumerable<(string Name, string Label)> items) =>
        Answer.List(items, i => new JsonObject { ["name"] = i.Name, ["label"] = i.Label });

    private IResult Machine(ApiRequest request)
    {
        var headers = new JsonObject();
        foreach (var (name, value) in request.Http.Request.Headers)
        {
            headers[name] = name is "Cookie" or "Authorization" ? Masked : value.ToString();
        }

        return Answer.Ok(new JsonObject
        {
            ["http_headers"] = headers,
            ["http_host"] = urls.IdentityHost,
            ["http_is_secure"] = true, // whatever carries it here, people come by https
            ["runtime"] = new JsonObject
            {
                ["python_version"] = RuntimeInformation.FrameworkDescription,
                ["environment"] = "gatehouse",
                ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
                ["platform"] = RuntimeInformation.RuntimeIdentifier,
                ["uname"] = RuntimeInformation.OSDescription,
                ["openssl_version"] = "",
                ["openssl_fips_enabled"] = null,
                ["authentik_version"] = Root.Spoken,
            },
            ["brand"] = "authentik-default",
            ["server_time"] = JsonList.Time(clock.GetUtcNow()),
            ["embedded_outpost_disabled"] = true,
            ["embedded_outpost_host"] = urls.Identity,
            ["base_url"] = urls.Identity,
        });
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("flags");
        }

        var change = Read(body, isPartial);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.RunAsync(change, request.Aborted), "Settings", saved => Task.FromResult(Answer.Ok(Body(saved, urls))));
    }

    /// <summary>authentik's switches for behaviour in trial, as ours behaves; they can't be turned.</summary>
    public static JsonObject Flags() => new()
    {
        ["core_default_app_access"] = true,
        ["enterprise_audit_include_expanded_diff"] = false,
        ["flows_continuous_login"] = false,
        ["flows_refresh_others"] = false,
    };

    // PUT gives every field that is left out its default, PATCH leaves it as it is.
    private static Func<SystemSettings, SystemSettings> Read(BodyFields body, bool isPartial)
    {
        _ = body.ObjectText("flags");
        _ = body.Text("base_url", 2000);
        Fixed(body, "pagination_default_page_size", 20);
        Fixed(body, "pagination_max_page_size", 100);
        var avatars = body.Text("avatars", 1000);
        var (name, email, username) = (body.Flag("default_user_change_name"), body.Flag("default_user_change_email"), body.Flag("default_user_change_username"));
        var (retention, duration, length) = (body.Text("event_retention", 200), body.Text("default_token_duration", 200), body.Number("default_token_length"));
        var (lowest, highest) = (body.Number("reputation_lower_limit"), body.Number("reputation_upper_limit"));
        var (forgets, impersonation, reason) = (body.Flag("gdpr_compliance"), body.Flag("impersonation"), body.Flag("impersonation_require_reason"));
        var links = ReadLinks(body);
        return current =>
        {
            var old = isPartial ? current : new SystemSettings();
            return new SystemSettings
            {
                Avatars = avatars.Or(old.Avatars),
                MayChangeName = name.Or(old.MayChangeName),
                MayChangeEmail = email.Or(old.MayChangeEmail),
                MayChangeUsername = username.Or(old.MayChangeUsername),
                EventRetention = retention.Or(old.EventRetention),
                ReputationLowest = lowest.Or(old.ReputationLowest),
                ReputationHighest = highest.Or(old.ReputationHighest),
                FooterLinks = links.Is(out var given) ? given : old.FooterLinks,
                ForgetsDeletedUsers = forgets.Or(old.ForgetsDeletedUsers),
                AllowsImpersonation = impersonation.Or(old.AllowsImpersonation),
                ImpersonationNeedsReason = reason.Or(old.ImpersonationNeedsReason),
                TokenDuration = duration.Or(old.TokenDuration),
                TokenLength = length.Or(old.TokenLength),
            };
        };
    }

    private static Writes.Maybe<List<FooterLink>> ReadLinks(BodyFields body)
    {
        if (!body.Elements("footer_links").Is(out var elements))
        {
            return default;
        }

        var links = new List<FooterLink>(elements.Count);
        foreach (var element in elements)
        {
            var link = element.ValueKind == JsonValueKind.Object ? new BodyFields(element, nullIsAbsent: true) : BodyFields.Nothing();
            var href = link.Text("href", 2000).Or("");
            if (link.Text("name", 200).Or("") is not { Length: > 0 } name || (href.Length > 0 && !PictureUrl.IsSafe(href)))
            {
                body.Refuse("footer_links", "Expected a list of {name, href}; an href is an http or https URL, or a path.");
                return default;
            }

            links.Add(new FooterLink(href.Length > 0 ? href : null, name));
        }

        return links;
    }

    private static void Fixed(BodyFields body, string name, int value)
    {
        if (body.Number(name).Is(out var wanted) && wanted != value)
        {
            body.Refuse(name, $"This is always {value}.");
        }
    }

    private static JsonObject Body(SystemSettings settings, PublicUrls urls) => new()
    {
        ["avatars"] = settings.Avatars,
        ["base_url"] = urls.Identity,
        ["default_user_change_name"] = settings.MayChangeName,
        ["default_user_change_email"] = settings.MayChangeEmail,
        ["default_user_change_username"] = settings.MayChangeUsername,
        ["event_retention"] = settings.EventRetention,
        ["reputation_lower_limit"] = settings.ReputationLowest,
        ["reputation_upper_limit"] = settings.ReputationHighest,
        ["footer_links"] = JsonList.Of(settings.FooterLinks, l => new JsonObject { ["name"] = l.Name, ["href"] = l.Href }),
        ["gdpr_compliance"] = settings.ForgetsDeletedUsers,
        ["impersonation"] = settings.AllowsImpersonation,
        ["impersonation_require_reason"] = settings.ImpersonationNeedsReason,
        ["default_token_duration"] = settings.TokenDuration,
        ["default_token_length"] = settings.TokenLength,
        ["pagination_default_page_size"] = 20,
        ["pagination_max_page_size"] = 100,
        ["flags"] = Flags(),
    };
}
