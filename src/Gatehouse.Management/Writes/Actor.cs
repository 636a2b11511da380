using System.Text.Json.Nodes;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Events;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Writes;

/// <summary>Who is behind what this scope does; nobody when Gatehouse itself is.</summary>
internal sealed class Actor
{
    private HttpContext? context;

    /// <summary>Who signed in or brought the token.</summary>
    public EventActor? Who { get; private set; }

    /// <summary>Whom they impersonate.</summary>
    public EventActor? OnBehalfOf { get; private set; }

    /// <summary>Whether everything is theirs to change. Gatehouse's own doings have no limit.</summary>
    public bool IsSuperuser { get; private set; } = true;

    /// <summary>Takes over who calls.</summary>
    public void Become(HttpContext request, ApiCaller? caller)
    {
        context = request;
        IsSuperuser = caller?.IsSuperuser == true;
        Who = caller?.Original ?? caller?.Who;
        OnBehalfOf = caller?.Original is null ? null : caller.Who;
    }

    /// <summary>An event of theirs.</summary>
    public NewEvent Event(string action, JsonObject details)
    {
        if (context is { } request)
        {
            details["http_request"] = new JsonObject
            {
                ["path"] = request.Request.Path.Value,
                ["method"] = request.Request.Method,
                ["args"] = new JsonObject(),
                ["user_agent"] = request.Request.Headers.UserAgent.ToString() is { Length: <= 512 } agent ? agent : "",
                ["request_id"] = request.Response.Headers["X-authentik-id"].ToString(),
            };
        }

        return new NewEvent(action, Who, context is null ? null : ClientAddress.Of(context).ToString(), details) { OnBehalfOf = OnBehalfOf };
    }
}
