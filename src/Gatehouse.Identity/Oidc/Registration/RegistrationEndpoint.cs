using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Registration;

/// <summary>POST /application/o/&lt;slug&gt;/register/ (RFC 7591, OpenID Connect Registration): a client registers itself, where the provider has a rule for it.</summary>
internal sealed partial class RegistrationEndpoint(
    ClientDirectory clients, AccessTokens tokens, IPolicyEngine policies, RegisterClient register, OAuthEvents events, RegistrationThrottle throttle,
    ILogger<RegistrationEndpoint> logger)
{
    private const int LargestBody = 64 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public async Task<IResult> HandleAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        if (clients.FindBySlug(slug) is not { Application: not null, Registration: { } rule } client)
        {
            return TypedResults.NotFound();
        }

        if (await FindCallerAsync(context.Request, client, cancellationToken) is not { } caller)
        {
            LogRefused(client.Provider.ClientId, "no access token that stands, of this provider and with the scope");
            return JsonAnswer.Refused(
                context, new OAuthRefusal(OAuthError.InvalidToken, $"An access token of this provider with the scope {ScopeNames.Registration} is needed.", ""), StatusCodes.Status401Unauthorized, "Bearer error=\"invalid_token\"");
        }

        var subject = new PolicySubject(caller.Person.User.Id, ClientAddress.Of(context).ToString(), new Dictionary<string, object> { ["oauth_scopes"] = caller.Scopes });
        if (await policies.JudgeAsync(rule.Id, subject, cancellationToken) is { IsPassing: false } verdict)
        {
            events.Denied(client, caller.Person.User, "registration", subject.ClientIp, verdict);
            LogRefused(client.Provider.ClientId, "the rule's policies deny the caller");
            return JsonAnswer.Refused(context, new OAuthRefusal(OAuthError.AccessDenied, "You may not register clients here.", ""), StatusCodes.Status403Forbidden);
        }

        if (throttle.Begin(caller.Person.User.Id) is { } wait)
        {
            LogRefused(client.Provider.ClientId, "the caller registers too fast");
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return JsonAnswer.Refused(context, new OAuthRefusal(OAuthError.SlowDown, "Too many registrations.", ""), StatusCodes.Status429TooManyRequests);
        }

        if (await ReadAsync(context.Request, cancellationToken) is not { } body)
        {
            return JsonAnswer.Refused(
                context, new OAuthRefusal(OAuthError.InvalidClientMetadata, "Expected one JSON object of at most 64 KiB.", ""), StatusCodes.Status400BadRequest);
        }

        return await AnswerAsync(context, client, rule, caller.Person.User, body, cancellationToken);
    }

    private async Task<IResult> AnswerAsync(HttpContext context, Client client, RegistrationRule rule, User caller, JsonElement body, CancellationToken cancellationToken)
    {
        switch (await register.RunAsync(context, client, rule, caller, body, cancellationToken))
        {
            case RegistrationResult.Refused refused:
                LogRefused(client.Provider.ClientId, refused.Text);
                return JsonAnswer.Refused(context, new OAuthRefusal(refused.Code, refused.Text, refused.Text), StatusCodes.Status400BadRequest);
            case RegistrationResult.Full full:
                LogRefused(client.Provider.ClientId, full.Text);
                return JsonAnswer.Refused(context, new OAuthRefusal(OAuthError.AccessDenied, full.Text, full.Text), StatusCodes.Status403Forbidden);
            case RegistrationResult.Registered made:
                LogRegistered(made.ClientId, client.Provider.ClientId);
                return new JsonAnswer(StatusCodes.Status201Created, made.Body);
            default:
                throw new UnreachableException();
        }
    }

    private async Task<GrantedAccess?> FindCallerAsync(HttpRequest request, Client client, CancellationToken cancellationToken)
    {
        const string Scheme = "Bearer ";
        return request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && await tokens.FindAccessAsync(header[Scheme.Length..].Trim(), cancellationToken) is { } found
            && found.Row.ProviderId == client.Provider.Id && found.Row.Scopes.Contains(ScopeNames.Registration) && found.Access.Grant.KeyThumbprint is null
            ? found.Access
            : null;
    }

    private static async Task<JsonElement?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            return null;
        }

        var room = new byte[LargestBody + 1];
        var length = await request.Body.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(room.AsMemory(0, Math.Min(length, LargestBody)), Strict);
            return length <= LargestBody && document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(EventId = 2122, Level = LogLevel.Information, Message = "Client registration through {ClientId} refused: {Reason}")]
    private partial void LogRefused(string clientId, string reason);

    [LoggerMessage(EventId = 2123, Level = LogLevel.Information, Message = "Client {Registered} registered itself through {ClientId}")]
    private partial void LogRegistered(string registered, string clientId);
}

/// <summary>How a registration ended.</summary>
internal abstract record RegistrationResult
{
    private RegistrationResult()
    {
    }

    /// <summary>The client exists. A class of JSON: its text holds the secret, and records print their members, so this one prints nothing.</summary>
    public sealed record Registered(string ClientId, JsonObject Body) : RegistrationResult
    {
        public override string ToString() => $"{nameof(Registered)} {ClientId}";
    }

    /// <summary>It does not: there are too many already.</summary>
    public sealed record Full(string Text) : RegistrationResult;

    /// <summary>It does not.</summary>
    public sealed record Refused(string Code, string Text) : RegistrationResult;
}
