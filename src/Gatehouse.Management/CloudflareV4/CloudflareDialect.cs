using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Settings;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>How Cloudflare's API v4 says what is true of every route: its envelope, its error codes, one account.</summary>
internal sealed class CloudflareDialect : IDialect
{
    /// <summary>What stands before every path.</summary>
    public const string Prefix = "/client/v4";

    private const int AuthenticationError = 10000;

    /// <inheritdoc/>
    public string PathEnd => "";

    /// <inheritdoc/>
    public async Task<Admission> AdmitAsync(HttpContext context, Need need, CancellationToken cancellationToken)
    {
        if (need is not (Need.User or Need.Superuser or Need.FreshSuperuser))
        {
            return new Admission.Turned(Envelope.Failed(403, AuthenticationError, "Authentication error"), $"nobody has what the route asks for ({need})");
        }

        switch (BearerToken.Of(context.Request))
        {
            case BearerToken.Absent when context.Request.Headers["X-Auth-Key"] is [{ Length: > 0 } legacy]:
                return await LegacyAsync(context, legacy, need, cancellationToken);
            case BearerToken.Absent:
                return new Admission.Turned(Envelope.Failed(400, AuthenticationError, "Authentication error"), "no Authorization header");
            case BearerToken.Present token:
                var caller = await context.RequestServices.GetRequiredService<FindCaller>().RunAsync(token.Key, cancellationToken)
                    ?? await context.RequestServices.GetRequiredService<FindScopedCaller>().RunAsync(token.Key, ClientAddress.Of(context), cancellationToken);
                return caller is null
                    ? new Admission.Turned(BadToken(context.Request), "no active user holds this token")
                    : IsForSuperusers(need) && !caller.IsSuperuser
                    ? new Admission.Turned(Envelope.Failed(403, AuthenticationError, "Authentication error"), $"user {caller.UserId} is no superuser")
                    : IsForSuperusers(need) && !IsInScope(context, caller)
                    ? new Admission.Turned(Envelope.Failed(403, AuthenticationError, "Authentication error"), $"token {caller.TokenId} holds no permission group for this")
                    : await AccountFaultAsync(context, cancellationToken) is { } fault
                    ? fault
                    : new Admission.Admitted(caller);
            default:
                return new Admission.Turned(
                    Envelope.Failed(400, [new JsonObject
                    {
                        ["code"] = 6003,
                        ["message"] = "Invalid request headers",
                        ["error_chain"] = new JsonArray(new JsonObject { ["code"] = 6111, ["message"] = "Invalid format for Authorization header" }),
                    }]),
                    "the Authorization header holds no bearer token");
        }
    }

    /// <inheritdoc/>
    public IResult MethodNotAllowed(string method) => Envelope.Failed(405, 10405, $"Method {method} not allowed for this route");

    /// <inheritdoc/>
    public IResult NoSuchRoute(HttpRequest request) => Envelope.Failed(404,
    [
        new JsonObject { ["code"] = 7003, ["message"] = $"Could not route to {request.Path}, perhaps your object identifier is invalid?" },
        new JsonObject { ["code"] = 7000, ["message"] = "No route for that URI" },
    ]);

    /// <inheritdoc/>
    public IResult BadRequest(JsonBody body) => body switch
    {
        JsonBody.TooLarge => Envelope.Failed(413, 12130, $"{Envelope.InvalidRequest}the body is over {JsonBody.Largest} bytes"),
        JsonBody.Malformed malformed => Envelope.Failed(400, 12130, Envelope.InvalidRequest + malformed.Reason),
        _ => Envelope.Failed(400, 12130, Envelope.InvalidRequest + "the body must be a JSON object"),
    };

    /// <inheritdoc/>
    public IResult Broken() => Envelope.Failed(500, 10013, "An unknown error has occurred; the log of Gatehouse says more");

    /// <inheritdoc/>
    public void Dress(HttpResponse response)
    {
        // Nothing that clients look for.
    }

    // Cloudflare's global key with its owner's address: here any API token of a user whose address it is.
    private static async Task<Admission> LegacyAsync(HttpContext context, string key, Need need, CancellationToken cancellationToken) =>
        await context.RequestServices.GetRequiredService<FindCaller>().RunAsync(key, cancellationToken) is not { } caller
            || context.Request.Headers["X-Auth-Email"] is not [{ Length: > 0 } email] || !email.Equals(caller.Who.Email, StringComparison.OrdinalIgnoreCase)
            ? new Admission.Turned(Envelope.Failed(403, 9103, "Unknown X-Auth-Key or X-Auth-Email"), "no active user with this address holds this key")
            : IsForSuperusers(need) && !caller.IsSuperuser
            ? new Admission.Turned(Envelope.Failed(403, AuthenticationError, "Authentication error"), $"user {caller.UserId} is no superuser")
            : await AccountFaultAsync(context, cancellationToken) is { } fault
            ? fault
            : new Admission.Admitted(caller);

    // A recent sign-in is asked of browsers, and none comes here.
    private static bool IsForSuperusers(Need need) => need is Need.Superuser or Need.FreshSuperuser;

    private static bool IsAccess(HttpContext context) =>
        context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route } && route.StartsWith(Prefix + ZoneRoutes.Path + "/", StringComparison.Ordinal);

    private static bool IsInScope(HttpContext context, ApiCaller caller) =>
        caller.Scope is null
        || (context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route } && route.StartsWith(Prefix, StringComparison.Ordinal)
            && Permissions.Needed(context.Request.Method, route[Prefix.Length..]).Any(caller.May));

    // Asking whether a token is good has its own words for no.
    private static IResult BadToken(HttpRequest request) => request.Path.Value?.EndsWith("/tokens/verify", StringComparison.Ordinal) == true
        ? Envelope.Failed(401, 1000, "Invalid API Token")
        : Envelope.Failed(403, AuthenticationError, "Authentication error");

    private static async Task<Admission.Turned?> AccountFaultAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.GetRouteValue("account") is not string account)
        {
            return context.GetRouteValue("zone") is string zone && IsAccess(context) && zone != Zones.IdOf(context.RequestServices.GetRequiredService<PublicUrls>())
                ? new Admission.Turned(Envelope.Failed(404, 7003, $"Could not route to {context.Request.Path}, perhaps your object identifier is invalid?"), "another zone was named")
                : null;
        }

        var organization = await context.RequestServices.GetRequiredService<SaveOrganization>().FindAsync(cancellationToken);
        return organization is null ? new Admission.Turned(Envelope.Failed(403, 9999, Unknown.Organization.Message), "there is no organization yet")
            : account != organization.Id ? new Admission.Turned(Envelope.Failed(403, 9109, "Unauthorized to access requested resource"), "another account was named")
            : null;
    }
}
