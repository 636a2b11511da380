using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Providers;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/providers/oauth2/ and /providers/all/ (contract §4.5).</summary>
internal sealed class Providers(ProviderDirectory directory, SaveProvider save, DeleteProvider delete, PreviewClaims preview, PublicUrls urls)
{
    private const string Model = "OAuth2Provider";

    private static readonly Ordering<OAuth2Provider> Orders = new(
        ("name", p => p.Name), ("pk", p => p.Id), ("id", p => p.Id), ("client_id", p => p.ClientId), ("client_type", p => p.ClientType));

    // A redirect URI is where codes of everybody go.
    public static void Map(ApiRoutes routes) => routes
        .Get<Providers>("/providers/oauth2/", Need.Superuser, (p, r) => p.ListAsync(r, ProviderBody.Of))
        .Post<Providers>("/providers/oauth2/", Need.Superuser, (p, r) => p.CreateAsync(r))
        .Get<Providers>("/providers/oauth2/{id}/", Need.Superuser, (p, r) => p.RetrieveAsync(r, ProviderBody.Of))
        .Put<Providers>("/providers/oauth2/{id}/", Need.Superuser, (p, r) => p.UpdateAsync(r, isPartial: false))
        .Patch<Providers>("/providers/oauth2/{id}/", Need.Superuser, (p, r) => p.UpdateAsync(r, isPartial: true))
        .Delete<Providers>("/providers/oauth2/{id}/", Need.Superuser, (p, r) => p.DeleteAsync(r))
        .Get<Providers>("/providers/oauth2/{id}/setup_urls/", Need.Superuser, (p, r) => p.RetrieveAsync(r, p.SetupUrls))
        .Get<Providers>("/providers/oauth2/{id}/preview_user/", Need.Superuser, (p, r) => p.PreviewAsync(r))
        .Get<Providers>("/providers/all/", Need.Superuser, (p, r) => p.ListAsync(r, f => ProviderBody.Base(f.Provider, f.Application)))
        .Get<Providers>("/providers/all/{id}/", Need.Superuser, (p, r) => p.RetrieveAsync(r, f => ProviderBody.Base(f.Provider, f.Application)))
        .Delete<Providers>("/providers/all/{id}/", Need.Superuser, (p, r) => p.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request, Func<ProviderFacts, JsonObject> body)
    {
        var query = new ListQuery(request.Query);
        query.NotSupported("redirect_uris");
        var filter = new ProviderFilter
        {
            Name = query.Text("name"),
            ClientId = query.Text("client_id"),
            ClientType = query.Choice("client_type", Words.ClientTypes),
            ApplicationId = query.Id("application"),
            HasNoApplication = query.Flag("application__isnull"),
            AuthorizationFlow = query.Id("authorization_flow"),
            AuthenticationFlow = query.Id("authentication_flow"),
            InvalidationFlow = query.Id("invalidation_flow"),
            SigningKey = query.Id("signing_key"),
            EncryptionKey = query.Id("encryption_key"),
            Mappings = query.Ids("property_mappings"),
            IncludesClaims = query.Flag("include_claims_in_id_token"),
            CodeValidity = query.Text("access_code_validity"),
            AccessValidity = query.Text("access_token_validity"),
            RefreshValidity = query.Text("refresh_token_validity"),
            IsBackchannel = query.Flag("backchannel"),
            SubMode = query.Choice("sub_mode", Words.SubModes),
            IssuerMode = query.Choice("issuer_mode", Words.IssuerModes),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request, Func<ProviderFacts, JsonObject> body) =>
        Answer.OneOf(request.RouteInt("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "authorization_flow", "invalidation_flow", "redirect_uris");
        var fields = ProviderBody.Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, provider => SavedAsync(201, provider.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "authorization_flow", "invalidation_flow", "redirect_uris");
        }

        var fields = ProviderBody.Read(body);
        return request.RouteInt("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, provider => SavedAsync(200, provider.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteInt("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> PreviewAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var user = query.Text("for_user") is null ? request.Caller.UserId : query.Numbers("for_user") is [.., var asked] ? asked : 0;
        if (request.RouteInt("id") is not { } id || await directory.FindAsync(id, request.Aborted) is null)
        {
            return Answer.NotFound(Model);
        }

        return await preview.ForUserAsync(id, user, request.Aborted) is { } claims
            ? Answer.Ok(new JsonObject { ["preview"] = claims })
            : Answer.Refused([new Management.Writes.Fault("for_user", "User not found")]);
    }

    private async Task<IResult> SavedAsync(int status, int id, ApiRequest request) =>
        await directory.FindAsync(id, request.Aborted) is { } provider ? new JsonAnswer(status, ProviderBody.Of(provider)) : Answer.NotFound(Model);

    // Without an application the slug-bound ones are empty rather than null: Go clients refuse null here.
    private JsonObject SetupUrls(ProviderFacts facts)
    {
        var root = urls.Identity + "/application/o/";
        return new JsonObject
        {
            ["issuer"] = facts.Application is null ? "" : facts.Provider.IssuerMode == IssuerMode.Global ? urls.Identity + "/" : OfSlug(""),
            ["authorize"] = root + "authorize/",
            ["token"] = root + "token/",
            ["user_info"] = root + "userinfo/",
            ["provider_info"] = OfSlug(".well-known/openid-configuration"),
            ["logout"] = OfSlug("end-session/"),
            ["jwks"] = OfSlug("jwks/"),
            ["dcr_registration"] = facts.HasRegistration && facts.Application is not null ? OfSlug("register/") : null,
        };

        string OfSlug(string rest) => facts.Application is { } application ? $"{root}{application.Slug}/{rest}" : "";
    }
}
