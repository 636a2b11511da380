using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.LoginMethods;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/identity_providers (contract §3.3). The client secret goes in and never comes out.</summary>
internal sealed class IdentityProviders(LoginMethodDirectory directory, SaveLoginMethod save, DeleteLoginMethod delete, PublicUrls urls, ISecretBox box, TimeProvider clock)
{
    private const string Path = "/accounts/{account}/access/identity_providers";

    private static readonly string[] Types =
    [
        LoginMethodTypes.Oidc, LoginMethodTypes.OneTimePin, LoginMethodTypes.GitHub, LoginMethodTypes.Google, LoginMethodTypes.GoogleWorkspace, LoginMethodTypes.Entra, LoginMethodTypes.Okta, LoginMethodTypes.Saml,
    ];

    private static readonly string[] OtherTypes = ["centrify", "facebook", "linkedin", "onelogin", "pingone", "yandex", "cloudflare"];

    public static void Map(ApiRoutes routes) => routes
        .Get<IdentityProviders>(Path, Need.Superuser, (i, r) => i.ListAsync(r))
        .Post<IdentityProviders>(Path, Need.Superuser, (i, r) => i.CreateAsync(r))
        .Post<IdentityProviders>(Path + "/{id}/test", Need.Superuser, (i, r) => i.TestAsync(r))
        .Get<IdentityProviders>(Path + "/{id}", Need.Superuser, (i, r) => i.RetrieveAsync(r))
        .Put<IdentityProviders>(Path + "/{id}", Need.Superuser, (i, r) => i.ReplaceAsync(r))
        .Delete<IdentityProviders>(Path + "/{id}", Need.Superuser, (i, r) => i.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var withScimOnly = query.Flag("scim_enabled"); // none has it
        return query.AnswerAsync(
            async paging => withScimOnly ? new Slice<LoginMethod>([], 0) : await directory.ListAsync(paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } method
            ? Envelope.Ok(Body(method))
            : Envelope.Unknown(Unknown.LoginMethod);

    // Ours: at Cloudflare whoever knows the id may open the test.
    private async Task<IResult> TestAsync(ApiRequest request)
    {
        if (request.RouteGuid("id") is not { } id || await directory.FindAsync(id, request.Aborted) is not { } method)
        {
            return Envelope.Unknown(Unknown.LoginMethod);
        }

        var ticket = TestTicket.For(method.Id, clock.GetUtcNow());
        return Envelope.Ok(new JsonObject
        {
            ["url"] = $"{urls.Access}/cdn-cgi/access/test-idp/{method.Id}?ticket={ticket.Seal(box)}",
            ["expires_at"] = ticket.ExpiresAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        });
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.CreateAsync(draft, request.Aborted), Unknown.LoginMethod, method => Task.FromResult(Envelope.Ok(Body(method), 201)));
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.LoginMethod)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.ReplaceAsync(id, draft, request.Aborted), Unknown.LoginMethod, method => Task.FromResult(Envelope.Ok(Body(method))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.LoginMethod)
        : await Envelope.OfAsync(
            await delete.RunAsync(id, request.Aborted), Unknown.LoginMethod,
            method => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = method.Id.ToString() })));

    private static LoginMethodDraft Read(BodyFields body)
    {
        body.Require("name", "type", "config");
        var isType = body.Text("type", 40).Is(out var type);
        if (isType && !Types.Contains(type))
        {
            body.Refuse("type", OtherTypes.Contains(type)
                ? $"identity provider type '{type}' is not supported yet; use 'oidc'"
                : $"identity provider type '{type}' is invalid");
        }

        body.NotYet("scim_config", "saml_certificate_set_id");
        var name = body.Text("name", 350, mayBeBlank: type == LoginMethodTypes.OneTimePin).Or("");
        if (!isType || !Types.Contains(type))
        {
            return ProviderBody.Nothing(name);
        }

        var config = body.Inner("config") ?? BodyFields.Nothing();
        var draft = ProviderBody.Read(name, type!, config);
        body.Faults.AddRange(config.Faults);
        return draft;
    }

    private JsonObject Body(LoginMethod method) => new()
    {
        ["id"] = method.Id.ToString(),
        ["name"] = method.Name,
        ["type"] = method.Type,
        ["config"] = method.Type == LoginMethodTypes.OneTimePin ? new JsonObject { ["redirect_url"] = urls.AccessCallback } : ProviderBody.Write(method),
    };
}
