using System.Text.Json.Nodes;
using Gatehouse.Management.Applications;
using Gatehouse.Management.Http;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/applications/ (contract §4.6).</summary>
internal sealed class Applications(ApplicationDirectory directory, SaveApplication save, DeleteApplication delete)
{
    private const string Model = "Application";

    private static readonly Ordering<ProviderApplication> Orders = new(
        ("name", a => a.Name), ("slug", a => a.Slug), ("group", a => a.GroupLabel), ("pk", a => a.Id), ("meta_publisher", a => a.Publisher));

    public static void Map(ApiRoutes routes) => routes
        .Get<Applications>("/core/applications/", Need.Superuser, (a, r) => a.ListAsync(r))
        .Post<Applications>("/core/applications/", Need.Superuser, (a, r) => a.CreateAsync(r))
        .Get<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.RetrieveAsync(r))
        .Put<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.UpdateAsync(r, isPartial: false))
        .Patch<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.UpdateAsync(r, isPartial: true))
        .Delete<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        query.NotSupported("for_user", "only_with_launch_url", "meta_description", "meta_launch_url", "meta_publisher", "meta_hide");
        var filter = new ApplicationFilter
        {
            Name = query.Text("name"),
            Slug = query.Text("slug"),
            GroupLabel = query.Text("group"),
            WithHidden = query.Flag("superuser_full_list") ?? false,
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(await directory.FindAsync(request.Route("slug"), request.Aborted), Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "slug");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, application => SavedAsync(201, application.Slug, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "slug");
        }

        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await save.UpdateAsync(request.Route("slug"), fields, request.Aborted), Model, application => SavedAsync(200, application.Slug, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) =>
        await Answer.OfAsync(await delete.RunAsync(request.Route("slug"), request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()));

    private async Task<IResult> SavedAsync(int status, string slug, ApiRequest request) =>
        await directory.FindAsync(slug, request.Aborted) is { } application ? new JsonAnswer(status, Body(application)) : Answer.NotFound(Model);

    private static ApplicationFields Read(BodyFields body)
    {
        if (body.Elements("backchannel_providers").Is(out var backchannel) && backchannel.Count > 0)
        {
            body.Refuse("backchannel_providers", "Not supported yet.");
        }

        if (body.Text("policy_engine_mode", 10).Is(out var mode) && mode is not ("any" or "all"))
        {
            body.Refuse("policy_engine_mode", $"\"{mode}\" is not a valid choice.");
        }

        return new ApplicationFields
        {
            Name = body.Text("name", 1000, mayBeBlank: false),
            Slug = body.Text("slug", 200, mayBeBlank: false),
            Provider = body.NullableNumber("provider"),
            GroupLabel = body.Text("group", 1000),
            PolicyEngineMode = body.Text("policy_engine_mode", 10),
            LaunchUrl = body.Text("meta_launch_url", 2000),
            OpenInNewTab = body.Flag("open_in_new_tab"),
            Icon = body.Text("meta_icon", 500),
            Description = body.Text("meta_description", 10_000),
            Publisher = body.Text("meta_publisher", 1000),
            IsHidden = body.Flag("meta_hide"),
        };
    }

    /// <summary>An application; also within consents.</summary>
    public static JsonObject Body(ApplicationFacts facts)
    {
        var application = facts.Application;
        return new JsonObject
        {
            ["pk"] = application.Id.ToString(),
            ["pbm_uuid"] = application.Id.ToString(),
            ["name"] = application.Name,
            ["slug"] = application.Slug,
            ["provider"] = application.ProviderId,
            ["provider_obj"] = facts.Provider is { } provider ? ProviderBody.Base(provider, application) : null,
            ["backchannel_providers"] = new JsonArray(),
            ["backchannel_providers_obj"] = new JsonArray(),
            ["launch_url"] = facts.LaunchUrl,
            ["open_in_new_tab"] = application.OpenInNewTab,
            ["meta_launch_url"] = application.LaunchUrl,
            ["meta_icon"] = application.Icon,
            ["meta_icon_url"] = application.Icon.Length > 0 ? application.Icon : null,
            ["meta_icon_themed_urls"] = null,
            ["meta_description"] = application.Description,
            ["meta_publisher"] = application.Publisher,
            ["policy_engine_mode"] = application.PolicyEngineMode,
            ["group"] = application.GroupLabel,
            ["meta_hide"] = application.IsHidden,
        };
    }
}
