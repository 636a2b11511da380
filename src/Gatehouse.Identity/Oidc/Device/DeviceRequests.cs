using System.Buffers.Text;
using System.Text;
using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary>A device that waits, and the client it is.</summary>
internal sealed record WaitingDevice(DeviceCode Code, Client Client, ClientApplication Application);

/// <summary>Finds devices that wait, and lets them in. Between code and consent the device travels through the browser as a sealed mark.</summary>
internal sealed class DeviceRequests(
    GatehouseDb db, GroupCommit commits, ClientDirectory clients, AuthorizationFlows flows, ApplicationAccess access, OAuthEvents events, ISecretBox box, TimeProvider clock)
{
    /// <summary>Parameter of the authorization flow: which device, for which session.</summary>
    public const string Mark = "gh_device";

    private const string Purpose = "oidc device mark v1";
    private const int HashLength = 64;

    /// <summary>The device that shows <paramref name="typed"/>; null when none waits.</summary>
    public Task<WaitingDevice?> FindTypedAsync(string typed, CancellationToken cancellationToken) => DeviceEndpoint.UserCodeHash(typed) is { } hash
        ? FindAsync(db.DeviceCodes.Where(c => c.UserCodeHash == hash), cancellationToken)
        : Task.FromResult<WaitingDevice?>(null);

    /// <summary>The device that <paramref name="query"/> marks for <paramref name="browser"/>; null when none waits.</summary>
    public Task<WaitingDevice?> FindMarkedAsync(string query, SignedInBrowser browser, CancellationToken cancellationToken) => ReadMark(query, browser) is { } hash
        ? FindAsync(db.DeviceCodes.Where(c => c.Hash == hash), cancellationToken)
        : Task.FromResult<WaitingDevice?>(null);

    /// <summary>Whether <paramref name="query"/> is about a device.</summary>
    public static bool IsMarked(string query) => QueryHelpers.ParseQuery(query).ContainsKey(Mark);

    /// <summary>Whether the person may use the device's application.</summary>
    public Task<PolicyVerdict> JudgeAsync(WaitingDevice device, SignedInBrowser browser, HttpContext http, CancellationToken cancellationToken) =>
        access.JudgeAsync(device.Client, browser.User.Id, AccessRequest.Of(http, DeviceCodeGrant.GrantType, device.Code.Scopes), cancellationToken);

    /// <summary>The page on which the person sees what the device asks for; null when the provider's flow is gone.</summary>
    public async Task<string?> ConsentPageAsync(WaitingDevice device, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var mark = Base64Url.EncodeToString(box.Seal(Encoding.ASCII.GetBytes(device.Code.Hash + browser.Session.Id), Purpose));
        return await flows.AuthorizationSlugAsync(device.Client, cancellationToken) is { } slug ? $"/if/flow/{slug}/?{Mark}={mark}" : null;
    }

    /// <summary>Lets the device in. False when it no longer waits.</summary>
    public async Task<bool> ApproveAsync(WaitingDevice device, SignedInBrowser browser, HttpContext http, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var provider = device.Client.Provider;
        var grant = new OAuthGrant
        {
            Id = Guid.CreateVersion7(now),
            ProviderId = provider.Id,
            UserId = browser.User.Id,
            ImpersonatorId = browser.Impersonator?.Id,
            SessionId = browser.Session.Id,
            SessionUuid = browser.Session.Uuid,
            Scopes = GrantRows.Grantable(device.Code.Scopes, browser),
            AuthenticatedAt = browser.Session.AuthenticatedAt,
            Amr = [.. browser.Session.Amr],
            ConsentId = await flows.ConsentIdAsync(device.Client, browser.User.Id, cancellationToken),
            CreatedAt = now,
            ExpiresAt = device.Code.ExpiresAt + ValidityPeriod.Parse(provider.AccessTokenValidity),
        };
        var isFirst = await commits.RunAsync(
            async (d, stopping) =>
            {
                d.Grants.Add(grant);
                await d.SaveChangesAsync(stopping); // the code's row names it
                if (await d.DeviceCodes.Where(c => c.Hash == device.Code.Hash && c.GrantId == null && c.ExpiresAt > now)
                    .ExecuteUpdateAsync(c => c.SetProperty(x => x.GrantId, grant.Id), stopping) != 1)
                {
                    return false;
                }

                d.Events.Add(events.Authorized(device.Client, browser, grant.Scopes, http));
                return true;
            },
            cancellationToken);
        if (isFirst)
        {
            events.Written();
        }

        return isFirst;
    }

    private string? ReadMark(string query, SignedInBrowser browser) =>
        QueryHelpers.ParseQuery(query).TryGetValue(Mark, out var sent) && sent is [{ Length: <= 512 } text] && Base64Url.IsValid(text)
        && box.Open(Base64Url.DecodeFromChars(text), Purpose) is { Length: > HashLength } plain
        && Encoding.ASCII.GetString(plain, HashLength, plain.Length - HashLength) == browser.Session.Id
            ? Encoding.ASCII.GetString(plain, 0, HashLength)
            : null;

    private async Task<WaitingDevice?> FindAsync(IQueryable<DeviceCode> codes, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await codes.AsNoTracking().SingleOrDefaultAsync(c => c.ExpiresAt > now && c.GrantId == null, cancellationToken) is { } code
            && clients.Find(code.ProviderId) is { Application: { } application } client && client.Allows(DeviceCodeGrant.GrantType)
            ? new WaitingDevice(code, client, application)
            : null;
    }
}
