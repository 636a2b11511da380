using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Settings;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Settings;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/organizations (contract §3.2). There is exactly one; PUT changes what it names.</summary>
internal sealed class Organizations(SaveOrganization save, PublicUrls urls)
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
            "login_design", "auto_redirect_to_identity", "is_ui_read_only", "ui_read_only_toggle_reason", "user_seat_expiration_inactive_time",
            "allow_authenticate_via_warp", "warp_auth_session_duration", "warp_auth_non_browser_401", "deny_unmatched_requests_exempted_zone_names",
            "custom_pages", "mfa_config", "mfa_required_for_all_apps", "mfa_piv_key_requirements", "service_token_inactivity");
        if (body.Text("auth_domain", 253).Is(out var domain) && !domain.Equals(urls.AccessHost, StringComparison.OrdinalIgnoreCase))
        {
            body.Refuse("auth_domain", $"auth_domain is {urls.AccessHost} and follows from --domain");
        }

        var fields = new OrganizationFields
        {
            Name = body.Text("name", 350, mayBeBlank: false),
            SessionDuration = body.Duration("session_duration"),
            DenyUnmatchedRequests = body.Flag("deny_unmatched_requests"),
            StrictServiceTokens = body.Flag("strict_service_token_auth"),
        };
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.UpdateAsync(fields, request.Aborted), Unknown.Organization, own => Task.FromResult(Envelope.Ok(Body(own))));
    }

    private JsonObject Body(Organization organization) => new()
    {
        ["name"] = organization.Name,
        ["auth_domain"] = urls.AccessHost,
        ["session_duration"] = GoDuration.Format(organization.SessionDuration),
        ["login_design"] = new JsonObject(),
        ["auto_redirect_to_identity"] = false,
        ["is_ui_read_only"] = false,
        ["ui_read_only_toggle_reason"] = "",
        ["allow_authenticate_via_warp"] = false,
        ["warp_auth_session_duration"] = null,
        ["warp_auth_non_browser_401"] = false,
        ["deny_unmatched_requests"] = organization.DenyUnmatchedRequests,
        ["deny_unmatched_requests_exempted_zone_names"] = new JsonArray(),
        ["mfa_required_for_all_apps"] = false,
        ["strict_service_token_auth"] = organization.StrictServiceTokens,
        ["created_at"] = JsonList.Time(organization.CreatedAt),
        ["updated_at"] = JsonList.Time(organization.UpdatedAt),
    };
}
