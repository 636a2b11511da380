using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Tokens;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>How authentik's API v3 says what is true of every route: 403 for a missing credential, <c>detail</c>, slashes at the end.</summary>
internal sealed class AuthentikDialect : IDialect
{
    private const string Impersonating = "You are acting as somebody else and can't change anything of theirs. End the impersonation first.";

    private const string Stale = "Sign in again in your browser before you do this";

    /// <inheritdoc/>
    public string PathEnd => "/";

    /// <inheritdoc/>
    public async Task<Admission> AdmitAsync(HttpContext context, Need need, CancellationToken cancellationToken)
    {
        if (need == Need.Nobody)
        {
            return new Admission.Admitted(null);
        }

        var (caller, refusal, reason) = await FindAsync(context, cancellationToken);
        return caller is null ? new Admission.Turned(Answer.Detail(403, refusal), reason)
            : caller.Original is { } original && (need is Need.Self or Need.Key || !IsReading(context))
            ? new Admission.Turned(Answer.Detail(403, Impersonating), $"user {original.Id} impersonates user {caller.UserId}, and only looks")
            : need is Need.Superuser or Need.FreshSuperuser && !caller.IsSuperuser
            ? new Admission.Turned(Answer.Forbidden(), $"user {caller.UserId} is no superuser")
            : !caller.IsFresh && AsksForSignIn(need, caller, IsReading(context))
            ? new Admission.Turned(SignInAgain(context, caller), $"user {caller.UserId} brought a token, or signed in too long ago")
            : new Admission.Admitted(caller);
    }

    // An open browser is not enough for what changes who may do what. Tokens are the business of whoever keeps them, but for authenticators.
    private static bool AsksForSignIn(Need need, ApiCaller caller, bool isReading) => need switch
    {
        Need.Key or Need.FreshSuperuser => caller.SessionId is not null,
        Need.Fresh => caller.SessionId is not null || !caller.IsSuperuser,
        Need.Superuser or Need.Self or Need.Anybodys => !isReading && caller is { SessionId: not null, IsSuperuser: true },
        _ => false,
    };

    private static JsonAnswer SignInAgain(HttpContext context, ApiCaller caller)
    {
        var link = caller.SessionId is null ? null : context.RequestServices.GetService<IBrowserCallers>()?.SignInAgain.OriginalString;
        return new JsonAnswer(403, new JsonObject
        {
            ["detail"] = link is null ? Stale + "." : $"{Stale}: {link}",
            ["code"] = "sign_in_again",
            ["link"] = link,
        });
    }

    // A header is asked first and alone: whoever brings a bad token is not let in by a cookie.
    private static async Task<(ApiCaller? Caller, string Refusal, string Reason)> FindAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var callers = context.RequestServices.GetRequiredService<FindCaller>();
        switch (BearerToken.Of(context.Request))
        {
            case BearerToken.Present token:
                var caller = await callers.RunAsync(token.Key, cancellationToken) ?? await OAuthCallerAsync(context, callers, token.Key, cancellationToken);
                return (caller, "Token invalid/expired", "no active user holds this token");
            case BearerToken.Malformed:
                return (null, "Authentication credentials were not provided.", "the Authorization header holds no bearer token");
            default:
                return await SessionCallerAsync(context, callers, cancellationToken);
        }
    }

    // JWTs have dots, our own keys have none.
    private static async Task<ApiCaller?> OAuthCallerAsync(HttpContext context, FindCaller callers, string key, CancellationToken cancellationToken) =>
        key.Contains('.', StringComparison.Ordinal)
        && context.RequestServices.GetService<IApiAccessTokens>() is { } tokens
        && await tokens.FindAsync(key, cancellationToken) is { } access
            ? await callers.OfAsync(access, cancellationToken)
            : null;

    private static async Task<(ApiCaller? Caller, string Refusal, string Reason)> SessionCallerAsync(HttpContext context, FindCaller callers, CancellationToken cancellationToken)
    {
        if (context.RequestServices.GetService<IBrowserCallers>() is not { } browsers || await browsers.FindAsync(context, cancellationToken) is not { } browser)
        {
            return (null, "Authentication credentials were not provided.", "no bearer token, and no session of a browser");
        }

        // impersonate_end is a GET at authentik and changes the session all the same; SameSite=Lax and the check for foreign sites cover it.
        return IsReading(context) || browser.IsProven
            ? (await callers.OfAsync(browser, cancellationToken), "Authentication credentials were not provided.", "the session's user is gone")
            : (null, "CSRF Failed: CSRF token missing or incorrect.", "a write of a browser session without the session's CSRF token");
    }

    private static bool IsReading(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);

    /// <inheritdoc/>
    public IResult MethodNotAllowed(string method) => Answer.Detail(405, $"Method \"{method}\" not allowed.");

    /// <inheritdoc/>
    public IResult NoSuchRoute(HttpRequest request) => Answer.Detail(404, request.Path.Value?.EndsWith('/') == true
        ? "Not found."
        : "Not found. Paths of this API end in a slash.");

    /// <inheritdoc/>
    public IResult BadRequest(JsonBody body) => body switch
    {
        JsonBody.TooLarge => Answer.Detail(413, $"The body is over {JsonBody.Largest} bytes."),
        JsonBody.NotAnObject other => new JsonAnswer(400, new JsonObject
        {
            ["non_field_errors"] = new JsonArray($"Invalid data. Expected a dictionary, but got {NameOf(other.Root.ValueKind)}."),
        }),
        JsonBody.Malformed malformed => Answer.Detail(400, $"JSON parse error - {malformed.Reason}"),
        _ => Answer.Detail(400, "Bad request."),
    };

    /// <inheritdoc/>
    public IResult Broken() => Answer.Detail(500, "Internal server error; the log of Gatehouse says more.");

    /// <inheritdoc/>
    public void Dress(HttpResponse response)
    {
        response.Headers["X-authentik-id"] = Guid.CreateVersion7().ToString("N");
        response.Headers.XPoweredBy = "authentik";
    }

    private static string NameOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "list",
        JsonValueKind.String => "str",
        JsonValueKind.Number => "int",
        JsonValueKind.Null => "NoneType",
        _ => "bool",
    };
}
