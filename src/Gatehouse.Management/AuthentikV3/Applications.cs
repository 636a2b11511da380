using System.Text.Json.Nodes;
using Gatehouse.Management.Applications;
using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/applications/ (contract §4.6).</summary>
internal sealed class Applications(
    GatehouseDb db, ApplicationDirectory directory, SaveApplication save, DeleteApplication delete, LayApplication lay, VisibleApplications visible, TimeProvider clock)
{
    private const string Model = "Application";
    private const string OAuth2Model = "authentik_providers_oauth2.oauth2provider";

    private static readonly Ordering<ProviderApplication> Orders = new(
        ("name", a => a.Name), ("slug", a => a.Slug), ("group", a => a.GroupLabel), ("pk", a => a.Id), ("meta_publisher", a => a.Publisher));

    public static void Map(ApiRoutes routes) => routes
        .Get<Applications>("/core/applications/", Need.User, (a, r) => a.ListAsync(r))
        .Post<Applications>("/core/applications/", Need.Superuser, (a, r) => a.CreateAsync(r))
        .Get<Applications>("/core/applications/{slug}/", Need.User, (a, r) => a.RetrieveAsync(r))
        .Get<Applications>("/core/applications/{slug}/check_access/", Need.User, (a, r) => a.CheckAccessAsync(r))
        .Put<Applications>("/core/transactional/applications/", Need.Superuser, (a, r) => a.LayAsync(r))
        .Put<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.UpdateAsync(r, isPartial: false))
        .Patch<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.UpdateAsync(r, isPartial: true))
        .Delete<Applications>("/core/applications/{slug}/", Need.Superuser, (a, r) => a.DeleteAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var isAll = request.Caller.IsSuperuser && query.Flag("superuser_full_list") == true;
        var (subject, fault) = await SubjectAsync(request, query, ignoresForOthers: false);
        if (fault is not null)
        {
            return fault;
        }

        var filter = new ApplicationFilter
        {
            Name = query.Text("name"),
            Slug = query.Text("slug"),
            GroupLabel = query.Text("group"),
            LaunchUrl = query.Text("meta_launch_url"),
            Description = query.Text("meta_description"),
            Publisher = query.Text("meta_publisher"),
            IsHidden = query.Flag("meta_hide"),
            WithHidden = isAll,
            UsableBy = isAll ? null : subject,
            OnlyWithLaunchUrl = query.Flag("only_with_launch_url") ?? false,
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return await query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), Body);
    }

    // What somebody may not use does not exist for them.
    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        await directory.FindAsync(request.Route("slug"), request.Aborted) is { } found
        && (request.Caller.IsSuperuser || await directory.MayUseAsync(found.Application, Subject(request, request.Caller.UserId), request.Aborted))
            ? Answer.Ok(Body(found))
            : Answer.NotFound(Model);

    private async Task<IResult> CheckAccessAsync(ApiRequest request)
    {
        if (await directory.FindAsync(request.Route("slug"), request.Aborted) is not { } found)
        {
            return Answer.NotFound(Model);
        }

        // Everybody may ask about themselves; for others superusers alone.
        var (subject, fault) = await SubjectAsync(request, new ListQuery(request.Query), ignoresForOthers: true);
        if (fault is not null)
        {
            return fault;
        }

        var verdict = await visible.JudgeAsync(found.Application, subject, request.Aborted);
        return Answer.Ok(request.Caller.IsSuperuser
            ? PolicyBody.Result(verdict.IsPassing, verdict.Messages, verdict.Log, clock.GetUtcNow())
            : PolicyBody.Result(verdict.IsPassing, [], [], clock.GetUtcNow()));
    }

    private async Task<IResult> LayAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("app", "provider_model", "provider");
        var app = body.Inner("app")?.Require("name", "slug") ?? BodyFields.Nothing();
        var provider = body.Inner("provider")?.Require("name", "authorization_flow", "invalidation_flow", "redirect_uris") ?? BodyFields.Nothing();
        if (body.Text("provider_model", 200).Or(OAuth2Model) != OAuth2Model)
        {
            body.Refuse("provider_model", $"Not supported; expected {OAuth2Model}.");
        }

        var applicationFields = Read(app);
        var providerFields = ProviderBody.Read(provider);
        List<BindingFields> bindings = [];
        foreach (var (index, element) in body.Elements("policy_bindings").Or([]).Index())
        {
            if (element.ValueKind != System.Text.Json.JsonValueKind.Object)
            {
                body.Refuse($"policy_bindings.{index}.non_field_errors", "Expected an object.");
                continue;
            }

            var entry = new BodyFields(element, nullIsAbsent: false, $"policy_bindings.{index}.").Require("order");
            bindings.Add(PolicyBody.ReadBinding(entry, withTarget: false));
            body.Faults.AddRange(entry.Faults);
        }

        List<Fault> faults = [.. body.Faults, .. app.Faults, .. provider.Faults];
        return faults.Count > 0
            ? Answer.Refused(faults)
            : await Answer.OfAsync(
                await lay.RunAsync(applicationFields, providerFields, bindings, request.Aborted),
                Model,
                _ => Task.FromResult(Answer.Ok(new JsonObject { ["applied"] = true, ["logs"] = new JsonArray() })));
    }

    private async Task<(PolicySubject Subject, IResult? Fault)> SubjectAsync(ApiRequest request, ListQuery query, bool ignoresForOthers)
    {
        var own = Subject(request, request.Caller.UserId);
        if (query.Text("for_user") is not { } text || (!request.Caller.IsSuperuser && ignoresForOthers))
        {
            return (own, null);
        }

        if (!request.Caller.IsSuperuser)
        {
            return (own, Answer.Detail(403, "You do not have permission to perform this action."));
        }

        return int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id) && await db.Users.AnyAsync(u => u.Id == id, request.Aborted)
            ? (Subject(request, id), null)
            : (own, Answer.Refused([new Fault("for_user", "User not found")]));
    }

    private static PolicySubject Subject(ApiRequest request, int userId) => new(userId, request.ClientIp, new Dictionary<string, object>());

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
