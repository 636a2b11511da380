using System.Text.Json.Nodes;
using Gatehouse.Management.Apps;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/bookmarks, which Cloudflare has given up for applications of type <c>bookmark</c>: what there is can be read and deleted, and nothing be made (contract §3.4).</summary>
internal sealed class Bookmarks(AppDirectory directory, DeleteApp delete)
{
    private const string Path = "/accounts/{account}/access/bookmarks";
    private const int Most = 1000;

    public static void Map(ApiRoutes routes) => routes
        .Get<Bookmarks>(Path, Need.Superuser, (b, r) => b.ListAsync(r))
        .Get<Bookmarks>(Path + "/{id}", Need.Superuser, (b, r) => b.RetrieveAsync(r))
        .Post<Bookmarks>(Path + "/{id}", Need.Superuser, (_, _) => Task.FromResult(Envelope.Unknown(Unknown.App)))
        .Put<Bookmarks>(Path + "/{id}", Need.Superuser, (_, _) => Task.FromResult(Envelope.Unknown(Unknown.App)))
        .Delete<Bookmarks>(Path + "/{id}", Need.Superuser, (b, r) => b.DeleteAsync(r));

    // One page with all of them: SDKs ask for no second.
    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var paging = new Paging(1, Most);
        var apps = await directory.ListAsync(new AppFilter { Type = AppType.Bookmark }, paging, request.Aborted);
        return Envelope.Page(apps, paging, Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => await FindAsync(request) is { } app ? Envelope.Ok(Body(app)) : Envelope.Unknown(Unknown.App);

    private async Task<IResult> DeleteAsync(ApiRequest request) => await FindAsync(request) is { } app
        ? await Envelope.OfAsync(await delete.RunAsync(app.Id, request.Aborted), Unknown.App, gone => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = gone.Id.ToString() })))
        : Envelope.Unknown(Unknown.App);

    private async Task<App?> FindAsync(ApiRequest request) => await directory.FindAsync(request.Route("id"), request.Aborted) is { Type: AppType.Bookmark } app ? app : null;

    private static JsonObject Body(App app) => new()
    {
        ["id"] = app.Id.ToString(),
        ["name"] = app.Name,
        ["domain"] = app.BookmarkUrl,
        ["logo_url"] = app.LogoUrl ?? "",
        ["app_launcher_visible"] = app.AppLauncherVisible,
        ["created_at"] = JsonList.Time(app.CreatedAt),
        ["updated_at"] = JsonList.Time(app.UpdatedAt),
    };
}
