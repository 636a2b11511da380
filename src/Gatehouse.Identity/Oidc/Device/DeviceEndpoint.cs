using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary>POST /application/o/device/ (RFC 8628 §3.1).</summary>
internal sealed partial class DeviceEndpoint(
    GroupCommit commits, ClientAuthentication clients, BrowserSessions sessions, DeviceThrottle throttle, PublicUrls urls, TimeProvider clock, ILogger<DeviceEndpoint> logger)
{
    private const int Interval = 5;
    private const int Attempts = 5;
    private const int CodesThereAre = 1_000_000_000;
    private static readonly string[] Known = ["client_id", "client_secret", "scope"];

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await OAuthParameters.OfFormAsync(context.Request, cancellationToken) is not { } form || form.FirstRepeated(Known) is not null)
        {
            return Refuse(context, OAuthRefusal.InvalidRequest("the body is no form, or holds a parameter twice"), StatusCodes.Status400BadRequest);
        }

        // Who is signed in is known by other means; everybody else shares what their address may ask for.
        var address = Guess.NetworkOf(ClientAddress.Of(context));
        if (await sessions.FindAsync(context.Request, cancellationToken) is null && throttle.Begin(address) is { } wait)
        {
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return Refuse(context, new OAuthRefusal(OAuthError.SlowDown, "Too many requests from this address.", "throttled"), StatusCodes.Status429TooManyRequests);
        }

        // Devices often have no way to keep a secret of their own, so none is asked for here: the token request needs it. One that is sent has to be right.
        var (presented, refusal) = PresentedCredentials.Read(context.Request, form);
        var client = presented is null ? null : clients.Find(presented);
        if (client is not null && (presented!.Secrets.Count > 0 || presented.Assertion is not null) // there is a client, so there are credentials
            && await clients.CheckAsync(presented, context.Request, cancellationToken) is ClientResult.Refused wrong)
        {
            return Refuse(context, wrong.Refusal, StatusCodes.Status400BadRequest);
        }

        if (client is not { Application: not null } || !client.Allows(DeviceCodeGrant.GrantType))
        {
            return Refuse(context, refusal ?? OAuthRefusal.InvalidClient("no such client, no application, or the grant is not allowed"), StatusCodes.Status400BadRequest);
        }

        Cors.Allow(context, client);
        return await IssueAsync(client, GrantRows.ScopesOf(client, form["scope"]), cancellationToken) is { } body
            ? new JsonAnswer(StatusCodes.Status200OK, body)
            : Refuse(context, new OAuthRefusal(OAuthError.ServerError, "No free code was found. Try again.", "all tried user codes were taken"), StatusCodes.Status400BadRequest);
    }

    /// <summary>The form in which the code that people type is kept. They may type spaces and dashes.</summary>
    public static string? UserCodeHash(string typed)
    {
        var digits = string.Concat(typed.Where(c => c is not ' ' and not '-'));
        return digits.Length == 9 && digits.All(char.IsAsciiDigit) ? Digest.Of(digits) : null;
    }

    private async Task<JsonObject?> IssueAsync(Client client, List<string> scopes, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var life = ValidityPeriod.Parse(client.Provider.AccessCodeValidity);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var code = Digest.FreshSecret(32);
            var typed = RandomNumberGenerator.GetInt32(CodesThereAre).ToString("D9", CultureInfo.InvariantCulture);
            var row = new DeviceCode
            {
                Hash = Digest.Of(code),
                UserCodeHash = Digest.Of(typed),
                ProviderId = client.Provider.Id,
                Scopes = scopes,
                ExpiresAt = now + life,
                Interval = Interval,
                NextPollAt = now,
            };
            if (await TryAddAsync(row, cancellationToken))
            {
                return new JsonObject
                {
                    ["device_code"] = code,
                    ["user_code"] = typed,
                    ["verification_uri"] = urls.Identity + DevicePage.Path,
                    ["verification_uri_complete"] = $"{urls.Identity}{DevicePage.Path}?code={typed}",
                    ["expires_in"] = (long)life.TotalSeconds,
                    ["interval"] = Interval,
                };
            }
        }

        return null;
    }

    private async Task<bool> TryAddAsync(DeviceCode row, CancellationToken cancellationToken)
    {
        try
        {
            return await commits.RunAsync(
                (db, _) =>
                {
                    db.DeviceCodes.Add(row);
                    return Task.FromResult(true);
                },
                cancellationToken);
        }
        catch (DbUpdateException failure) when (UniqueViolation.Is(failure))
        {
            return false;
        }
    }

    private JsonAnswer Refuse(HttpContext context, OAuthRefusal refusal, int status)
    {
        LogRefused(refusal.Code, refusal.Reason);
        return JsonAnswer.Refused(context, refusal, status);
    }

    [LoggerMessage(EventId = 2120, Level = LogLevel.Information, Message = "Device authorization refused: {Code} ({Reason})")]
    private partial void LogRefused(string code, string reason);
}
