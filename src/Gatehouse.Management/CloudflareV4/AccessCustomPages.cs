using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Gatehouse.Management.CustomPages;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/custom_pages (contract §3.10).</summary>
internal sealed class AccessCustomPages(CustomPageDirectory directory, SaveCustomPage save)
{
    private const string Path = "/accounts/{account}/access/custom_pages";

    private static readonly FrozenDictionary<string, CustomPageKind> Kinds =
        new Dictionary<string, CustomPageKind> { ["identity_denied"] = CustomPageKind.IdentityDenied, ["forbidden"] = CustomPageKind.Forbidden, ["login"] = CustomPageKind.Login }.ToFrozenDictionary();

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessCustomPages>(Path, Need.Superuser, (p, r) => p.ListAsync(r))
        .Post<AccessCustomPages>(Path, Need.Superuser, (p, r) => p.CreateAsync(r))
        .Get<AccessCustomPages>(Path + "/{id}", Need.Superuser, (p, r) => p.RetrieveAsync(r))
        .Put<AccessCustomPages>(Path + "/{id}", Need.Superuser, (p, r) => p.ReplaceAsync(r))
        .Delete<AccessCustomPages>(Path + "/{id}", Need.Superuser, (p, r) => p.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request) =>
        new PageQuery(request.Query).AnswerAsync(paging => directory.ListAsync(paging, request.Aborted), f => Body(f.Page, f.AppCount));

    private async Task<IResult> RetrieveAsync(ApiRequest request)
    {
        if (request.RouteGuid("id") is not { } id || await directory.FindAsync(id, request.Aborted) is not { } facts)
        {
            return Envelope.Unknown(Unknown.Page);
        }

        var body = Body(facts.Page, facts.AppCount);
        body["custom_html"] = facts.Page.Html;
        return Envelope.Ok(body);
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var (name, kind, html) = Read(body);
        return body.Faults.Count > 0 ? Envelope.Refused(body.Faults) : await AnswerAsync(await save.CreateAsync(name, kind, html, request.Aborted), 201);
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var (name, kind, html) = Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Page)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.ReplaceAsync(id, name, kind, html, request.Aborted), 200);
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.Page)
        : await Envelope.OfAsync(await save.DeleteAsync(id, request.Aborted), Unknown.Page, page => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = page.Id.ToString() })));

    private static Task<IResult> AnswerAsync(WriteResult<CustomPage> result, int status) =>
        Envelope.OfAsync(result, Unknown.Page, page => Task.FromResult(Envelope.Ok(Body(page, 0), status)));

    private static (string Name, CustomPageKind Kind, string Html) Read(BodyFields body)
    {
        body.Require("name", "type", "custom_html");
        var type = body.Text("type", 40).Or("identity_denied");
        if (!Kinds.TryGetValue(type, out var kind))
        {
            body.Refuse("type", type is "interstitial" ? "custom pages of type 'interstitial' are not supported: the page that asks before a program gets a token sends a form, and custom pages here send none" : "type must be identity_denied, forbidden or login");
        }

        var html = body.Text("custom_html", CustomPage.MostCharacters, mayBeBlank: false).Or("");
        if (kind == CustomPageKind.Login && html.Length > 0 && html.Split(CustomPage.LoginMethods).Length != 2)
        {
            body.Refuse("custom_html", $"a login page says with {CustomPage.LoginMethods}, once, where the links to the login methods stand");
        }

        return (body.Text("name", 350, mayBeBlank: false).Or(""), kind, html);
    }

    private static JsonObject Body(CustomPage page, int apps) => new()
    {
        ["uid"] = page.Id.ToString(),
        ["name"] = page.Name,
        ["type"] = Kinds.First(k => k.Value == page.Kind).Key,
        ["app_count"] = apps,
        ["created_at"] = JsonList.Time(page.CreatedAt),
        ["updated_at"] = JsonList.Time(page.UpdatedAt),
    };
}
