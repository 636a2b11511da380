using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.LoginMethods;
using Gatehouse.Model.LoginMethods;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/identity_providers (contract §3.3), for generic OpenID Connect. The client secret goes in and never comes out.</summary>
internal sealed class IdentityProviders(LoginMethodDirectory directory, SaveLoginMethod save, DeleteLoginMethod delete)
{
    private const string Path = "/accounts/{account}/access/identity_providers";

    private static readonly string[] OtherTypes =
    [
        "onetimepin", "azureAD", "saml", "centrify", "facebook", "github", "google-apps", "google", "linkedin", "okta", "onelogin", "pingone", "yandex", "cloudflare",
    ];

    public static void Map(ApiRoutes routes) => routes
        .Get<IdentityProviders>(Path, Need.Superuser, (i, r) => i.ListAsync(r))
        .Post<IdentityProviders>(Path, Need.Superuser, (i, r) => i.CreateAsync(r))
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
        if (body.Text("type", 40).Is(out var type) && type != "oidc")
        {
            body.Refuse("type", OtherTypes.Contains(type)
                ? $"identity provider type '{type}' is not supported yet; use 'oidc'"
                : $"identity provider type '{type}' is invalid");
        }

        body.NotYet("scim_config", "saml_certificate_set_id");
        var config = body.Inner("config") ?? BodyFields.Nothing();
        config.NotYet("directory_id", "support_groups", "conditional_access_enabled", "prompt", "okta_account", "authorization_server_id");
        var draft = new LoginMethodDraft
        {
            Name = body.Text("name", 350, mayBeBlank: false).Or(""),
            ClientId = config.Text("client_id", 1000, mayBeBlank: false).Or(""),
            ClientSecret = config.Text("client_secret", 10_000).Or(""),
            AuthUrl = config.Text("auth_url", 2048, mayBeBlank: false).Or(""),
            TokenUrl = config.Text("token_url", 2048, mayBeBlank: false).Or(""),
            CertsUrl = config.Text("certs_url", 2048, mayBeBlank: false).Or(""),
            Issuer = config.Text("issuer", 2048).Or(""), // ours; Cloudflare has none
            Scopes = config.Texts("scopes").Or([]) is { Count: > 0 } some ? some : ["openid", "email", "profile"],
            Claims = config.Texts("claims").Or([]),
            EmailClaimName = config.Text("email_claim_name", 350).Or("") is { Length: > 0 } claim ? claim : "email",
            PkceEnabled = config.Flag("pkce_enabled").Or(false),
            AcceptsUnverifiedEmail = config.Flag("accept_unverified_email").Or(false), // ours; Cloudflare has none
        };
        foreach (var name in (ReadOnlySpan<string>)["client_id", "auth_url", "token_url", "certs_url"])
        {
            if (!config.TryGet(name, out _))
            {
                config.Refuse(name, $"{name} is a required field");
            }
        }

        body.Faults.AddRange(config.Faults);
        return draft;
    }

    private static JsonObject Body(LoginMethod method) => new()
    {
        ["id"] = method.Id.ToString(),
        ["name"] = method.Name,
        ["type"] = method.Type,
        ["config"] = new JsonObject
        {
            ["client_id"] = method.ClientId,
            ["auth_url"] = method.AuthUrl,
            ["token_url"] = method.TokenUrl,
            ["certs_url"] = method.CertsUrl,
            ["issuer"] = method.Issuer,
            ["scopes"] = JsonList.Of(method.Scopes),
            ["claims"] = JsonList.Of(method.Claims),
            ["email_claim_name"] = method.EmailClaimName,
            ["pkce_enabled"] = method.PkceEnabled,
            ["accept_unverified_email"] = method.AcceptsUnverifiedEmail,
        },
    };
}
