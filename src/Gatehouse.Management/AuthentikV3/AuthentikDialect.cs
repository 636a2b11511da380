using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>How authentik's API v3 says what is true of every route: 403 for a missing credential, <c>detail</c>, slashes at the end.</summary>
internal sealed class AuthentikDialect : IDialect
{
    /// <inheritdoc/>
    public string PathEnd => "/";

    /// <inheritdoc/>
    public async Task<Admission> AdmitAsync(HttpContext context, Need need, CancellationToken cancellationToken)
    {
        if (need == Need.Nobody)
        {
            return new Admission.Admitted(null);
        }

        if (BearerToken.Of(context.Request) is not BearerToken.Present token)
        {
            return new Admission.Turned(Answer.Detail(403, "Authentication credentials were not provided."), "no bearer token");
        }

        var caller = await context.RequestServices.GetRequiredService<FindCaller>().RunAsync(token.Key, cancellationToken);
        return caller is null ? new Admission.Turned(Answer.Detail(403, "Token invalid/expired"), "no active user holds this token")
            : need == Need.Superuser && !caller.IsSuperuser
            ? new Admission.Turned(Answer.Detail(403, "You do not have permission to perform this action."), $"user {caller.UserId} is no superuser")
            : new Admission.Admitted(caller);
    }

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
            ["non_field_errors"] = new JsonArray($"Invalid data. Expected a dictionary, but got {NameOf(other.Kind)}."),
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
