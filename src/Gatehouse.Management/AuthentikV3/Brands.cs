using System.Text.Json.Nodes;
using Gatehouse.Management.Brands;
using Gatehouse.Management.Http;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/brands/ (contract §4.15), and what pages ask of theirs without a credential.</summary>
internal sealed class Brands(BrandDirectory directory, SaveBrand save, ISnapshot<SystemSettings> settings)
{
    private const string Model = "Brand";
    private const string Path = "/core/brands/";

    private static readonly (string Name, Func<Brand, Guid?> Flow)[] Flows =
    [
        ("flow_authentication", b => b.AuthenticationFlowId),
        ("flow_invalidation", b => b.InvalidationFlowId),
        ("flow_recovery", b => b.RecoveryFlowId),
        ("flow_unenrollment", b => b.UnenrollmentFlowId),
        ("flow_user_settings", b => b.UserSettingsFlowId),
        ("flow_device_code", b => b.DeviceCodeFlowId),
    ];

    // Flows that authentik has a place for and we run none of.
    private static readonly string[] OtherFlows = ["flow_user_switch", "flow_lockdown", "flow_request"];

    private static readonly Ordering<Brand> Orders = new(("domain", b => b.Domain), ("pk", b => b.Id), ("default", b => b.IsDefault), ("branding_title", b => b.Title));

    public static void Map(ApiRoutes routes) => routes
        .Get<Brands>(Path, Need.Superuser, (b, r) => b.ListAsync(r))
        .Post<Brands>(Path, Need.Superuser, (b, r) => b.CreateAsync(r))
        .Get<Brands>(Path + "current/", Need.Nobody, (b, r) => b.CurrentAsync(r))
        .Get<Brands>(Path + "{id}/", Need.Superuser, (b, r) => b.RetrieveAsync(r))
        .Put<Brands>(Path + "{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: false))
        .Patch<Brands>(Path + "{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: true))
        .Delete<Brands>(Path + "{id}/", Need.Superuser, (b, r) => b.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        query.NotSupported("branding_logo", "branding_favicon", "branding_default_flow_background", "client_certificates", "flow_user_switch", "flow_lockdown", "flow_request");
        var filter = new BrandFilter
        {
            Id = query.Id("brand_uuid"),
            Domain = query.Text("domain"),
            IsDefault = query.Flag("default"),
            Title = query.Text("branding_title"),
            WebCertificate = query.Id("web_certificate"),
            Flows = Flows.Select(f => (f.Name, Id: query.Id(f.Name))).Where(f => f.Id is not null).ToDictionary(f => f.Name, f => f.Id!.Value), // not null: filtered
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("domain");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, b => Task.FromResult<IResult>(new JsonAnswer(201, Body(b))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("domain");
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, b => Task.FromResult(Answer.Ok(Body(b))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> CurrentAsync(ApiRequest request)
    {
        var brand = await directory.OfHostAsync(RequestHost.Of(request.Http.Request) ?? "", request.Aborted) ?? new Brand { Id = Guid.Empty, Domain = "fallback" };
        var body = new JsonObject
        {
            ["matched_domain"] = brand.Domain,
            ["branding_title"] = brand.Title,
            ["branding_logo"] = brand.Logo,
            ["branding_logo_themed_urls"] = null,
            ["branding_favicon"] = brand.Favicon,
            ["branding_favicon_themed_urls"] = null,
            ["branding_custom_css"] = brand.CustomCss,
            ["branding_map_tiles"] = "",
            ["ui_footer_links"] = JsonList.Of(settings.Current.FooterLinks, l => new JsonObject { ["href"] = l.Href, ["name"] = l.Name }),
            ["ui_theme"] = "automatic",
            ["default_locale"] = "",
            ["flags"] = Admin.Flags(),
        };
        var set = Flows.Select(f => (f.Name, Id: f.Flow(brand))).Where(f => f.Id is not null).ToList();
        var slugs = await directory.SlugsAsync([.. set.Select(f => f.Id!.Value)], request.Aborted); // not null: filtered
        foreach (var (name, id) in set)
        {
            if (id is { } known && slugs.TryGetValue(known, out var slug))
            {
                body[name] = slug;
            }
        }

        return Answer.Ok(body);
    }

    private static BrandFields Read(BodyFields body)
    {
        foreach (var name in OtherFlows)
        {
            if (body.NullableId(name).Is(out var id) && id is not null)
            {
                body.Refuse(name, "Not supported.");
            }
        }

        if (body.Elements("client_certificates").Is(out var certificates) && certificates.Count > 0)
        {
            body.Refuse("client_certificates", "Not supported.");
        }

        _ = body.Text("branding_map_tiles", 2000);
        return new BrandFields
        {
            Domain = body.Text("domain", 253, mayBeBlank: false),
            IsDefault = body.Flag("default"),
            Title = body.Text("branding_title", 200),
            Logo = body.Text("branding_logo", 2000),
            Favicon = body.Text("branding_favicon", 2000),
            CustomCss = body.Text("branding_custom_css", 100_000),
            Background = body.Text("branding_default_flow_background", 2000),
            Flows = Flows.ToDictionary(f => f.Name, f => body.NullableId(f.Name)),
            DefaultApplication = body.NullableId("default_application"),
            WebCertificate = body.NullableId("web_certificate"),
            AttributesJson = body.ObjectText("attributes"),
        };
    }

    private static JsonObject Body(Brand brand)
    {
        var body = new JsonObject
        {
            ["brand_uuid"] = brand.Id.ToString(),
            ["domain"] = brand.Domain,
            ["default"] = brand.IsDefault,
            ["branding_title"] = brand.Title,
            ["branding_logo"] = brand.Logo,
            ["branding_favicon"] = brand.Favicon,
            ["branding_custom_css"] = brand.CustomCss,
            ["branding_default_flow_background"] = brand.Background,
            ["branding_map_tiles"] = "",
            ["default_application"] = brand.DefaultApplicationId?.ToString(),
            ["web_certificate"] = brand.WebCertificateId?.ToString(),
            ["client_certificates"] = new JsonArray(),
            ["attributes"] = JsonNode.Parse(brand.AttributesJson),
        };
        foreach (var (name, flow) in Flows)
        {
            body[name] = flow(brand)?.ToString();
        }

        foreach (var name in OtherFlows)
        {
            body[name] = null;
        }

        return body;
    }
}
