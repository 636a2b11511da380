using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Settings;
using Gatehouse.Model.Settings;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/user/tokens/verify and /accounts (contract §3.12): what clients ask first.</summary>
internal sealed class Accounts(SaveOrganization organizations)
{
    public static void Map(ApiRoutes routes) => routes
        .Get<Accounts>("/user/tokens/verify", Need.User, (_, r) => Task.FromResult(Verify(r)))
        .Get<Accounts>("/accounts", Need.Superuser, (a, r) => a.ListAsync(r))
        .Get<Accounts>("/accounts/{account}", Need.Superuser, (a, r) => a.RetrieveAsync(r))
        .Get<Accounts>("/accounts/{account}/tokens/verify", Need.User, (_, r) => Task.FromResult(Verify(r)));

    private static IResult Verify(ApiRequest request)
    {
        var result = new JsonObject { ["id"] = request.Caller.TokenId.ToString("N"), ["status"] = "active" };
        if (request.Caller.NotBefore is { } begin)
        {
            result["not_before"] = JsonList.Time(begin);
        }

        if (request.Caller.TokenExpiresAt is { } expiry)
        {
            result["expires_on"] = JsonList.Time(expiry);
        }

        return Envelope.OkSaying(result, 10000, "This API Token is valid and active");
    }

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var name = query.Text("name");
        return query.AnswerAsync(
            async paging => await organizations.FindAsync(request.Aborted) is { } own && (name is null || own.Name == name)
                ? new Slice<Organization>(paging.Page == 1 ? [own] : [], 1)
                : new Slice<Organization>([], 0),
            Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        await organizations.FindAsync(request.Aborted) is { } own ? Envelope.Ok(Body(own)) : Envelope.Unknown(Unknown.Organization);

    private static JsonObject Body(Organization organization) => new()
    {
        ["id"] = organization.Id,
        ["name"] = organization.Name,
        ["type"] = "standard",
        ["created_on"] = JsonList.Time(organization.CreatedAt),
        ["settings"] = new JsonObject { ["enforce_twofactor"] = false },
    };
}
