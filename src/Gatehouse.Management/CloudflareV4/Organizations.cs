using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Settings;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Settings;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/organizations (contract §3.2). There is exactly one; PUT changes what it names.</summary>
internal sealed class Organizations(SaveOrganization save, LintPolicies lint, PublicUrls urls)
{
    private const string Path = "/accounts/{account}/access/organizations";

    public static void Map(ApiRoutes routes) => routes
        .Get<Organizations>(Path, Need.Superuser, (o, r) => o.RetrieveAsync(r))
        .Put<Organizations>(Path, Need.Superuser, (o, r) => o.UpdateAsync(r));

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        await save.FindAsync(request.Aborted) is { } own ? Envelope.Ok(Body(own)) : Envelope.Unknown(Unknown.Organization);

    private async Task<IResult> UpdateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        body.NotYet(
            "is_ui_read_only", "ui_read_only_toggle_reason", "user_seat_expiration_inactive_time",
            "allow_authenticate_via_warp", "warp_auth_session_duration", "warp_auth_non_browser_401", "deny_unmatched_requests_exempted_zone_names",
            "mfa_piv_key_requirements", "service_token_inactivity");
        if (body.Text("auth_domain", 253).Is(out var domain) && !domain.Equals(urls.AccessHost, StringComparison.OrdinalIgnoreCase))
        {
            body.Refuse("auth_domain", $"auth_domain is {urls.AccessHost} and follows from --domain");
        }

        var design = body.Inner("login_design") ?? BodyFields.Nothing();
        var pages = body.Inner("custom_pages") ?? BodyFields.Nothing();
        var fields = new OrganizationFields
        {
            AutoRedirectToIdentity = body.Flag("auto_redirect_to_identity"),
            DecisionRetention = body.Duration("access_log_retention"), // ours; Cloudflare has none
            IdentityDeniedPage = PageId(pages, "identity_denied"),
            ForbiddenPage = PageId(pages, "forbidden"),
            LoginHeader = design.Text("header_text", 350),
            LoginFooter = design.Text("footer_text", 350),
            LoginBackground = LookBody.Color(design, "background_color"),
            LoginTextColor = LookBody.Color(design, "text_color"),
            LoginLogo = LookBody.Logo(design, "logo_path"),
            Name = body.Text("name", 350, mayBeBlank: false),
            SessionDuration = body.Duration("session_duration"),
            DenyUnmatchedRequests = body.Flag("deny_unmatched_requests"),
            StrictServiceTokens = body.Flag("strict_service_token_auth"),
            Mfa = MfaBody.ReadOrganization(body),
            MfaRequiredForAllApps = body.Flag("mfa_required_for_all_apps"),
        };
        body.Faults.AddRange(design.Faults);
        body.Faults.AddRange(pages.Faults);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.UpdateAsync(fields, request.Aborted), Unknown.Organization, async own => Envelope.Saying(Body(own), 200, await lint.OfWildcardsAsync(request.Aborted)));
    }

    // An empty text takes the page away.
    private static Maybe<Guid?> PageId(BodyFields pages, string name)
    {
        if (!pages.Text(name, 60).Is(out var text))
        {
            return default;
        }

        if (text.Length == 0)
        {
            return (Guid?)null;
        }

        if (Guid.TryParse(text, out var id))
        {
            return (Guid?)id;
        }

        pages.Refuse(name, $"{name} must be the uid of a custom page");
        return default;
    }

    private JsonObject Body(Organization organization) => new()
    {
        ["name"] = organization.Name,
        ["auth_domain"] = urls.AccessHost,
        ["session_duration"] = GoDuration.Format(organization.SessionDuration),
        ["login_design"] = new JsonObject
        {
            ["background_color"] = organization.LoginBackground ?? "",
            ["text_color"] = organization.LoginTextColor ?? "",
            ["logo_path"] = organization.LoginLogo ?? "",
            ["header_text"] = organization.LoginHeader,
            ["footer_text"] = organization.LoginFooter,
        },
        ["auto_redirect_to_identity"] = organization.AutoRedirectToIdentity,
        ["custom_pages"] = new JsonObject { ["forbidden"] = organization.ForbiddenPage?.ToString() ?? "", ["identity_denied"] = organization.IdentityDeniedPage?.ToString() ?? "" },
        ["access_log_retention"] = GoDuration.Format(organization.DecisionRetention),
        ["is_ui_read_only"] = false,
        ["ui_read_only_toggle_reason"] = "",
        ["allow_authenticate_via_warp"] = false,
        ["warp_auth_session_duration"] = null,
        ["warp_auth_non_browser_401"] = false,
        ["deny_unmatched_requests"] = organization.DenyUnmatchedRequests,
        ["deny_unmatched_requests_exempted_zone_names"] = new JsonArray(),
        ["mfa_config"] = MfaBody.Of(organization.Mfa),
        ["mfa_required_for_all_apps"] = organization.MfaRequiredForAllApps,
        ["strict_service_token_auth"] = organization.StrictServiceTokens,
        ["created_at"] = JsonList.Time(organization.CreatedAt),
        ["updated_at"] = JsonList.Time(organization.UpdatedAt),
    };
}
