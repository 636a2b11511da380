using System.Diagnostics;
using System.Text.Json;
using Gatehouse.Management.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Gatehouse.Management.Http;

/// <summary>Who may use a route.</summary>
internal enum Need
{
    /// <summary>Anybody, without a token.</summary>
    Nobody,

    /// <summary>Any active user.</summary>
    User,

    /// <summary>Any active user for what is theirs, a superuser for what is anybody's; superusers who write from a browser have signed in a moment ago.</summary>
    Anybodys,

    /// <summary>As <see cref="Anybodys"/>, in person: nobody who acts as them. For what outlasts that, such as keys, even where it only reads.</summary>
    Self,

    /// <summary>As <see cref="Self"/>, and whoever calls from a browser has signed in a moment ago, superuser or not. For what makes, changes or shows a key.</summary>
    Key,

    /// <summary>A superuser's token, or any active user in a browser in which they signed in a moment ago.</summary>
    Fresh,

    /// <summary>A member of a superuser group; whoever writes from a browser has signed in a moment ago.</summary>
    Superuser,

    /// <summary>As <see cref="Superuser"/>, with the recent sign-in for reading too. For what shows a key.</summary>
    FreshSuperuser,
}

/// <summary>A request that was let in, with its body read.</summary>
internal sealed class ApiRequest(HttpContext context, ApiCaller? caller, JsonElement body)
{
    /// <summary>The object in the body; an empty one for requests without.</summary>
    public JsonElement Body => body;

    /// <summary>Who calls. Only for routes that need somebody.</summary>
    public ApiCaller Caller => caller ?? throw new UnreachableException("a route for nobody asked who calls");

    /// <summary>The call itself, for the few that need more than a body.</summary>
    public HttpContext Http => context;

    /// <summary>The query.</summary>
    public IQueryCollection Query => context.Request.Query;

    /// <summary>Cancelled when the caller goes away.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    /// <summary>Client address.</summary>
    public string ClientIp => Gatehouse.Web.Http.ClientAddress.Of(context).ToString();

    /// <summary>A part of the path, decoded.</summary>
    public string Route(string name) => context.GetRouteValue(name) as string ?? "";

    /// <summary>A part of the path that must be a UUID; null when it is not.</summary>
    public Guid? RouteGuid(string name) => Guid.TryParseExact(Route(name), "D", out var id) ? id : null;

    /// <summary>A part of the path that must be a whole number; null when it is not.</summary>
    public long? RouteLong(string name) =>
        long.TryParse(Route(name), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>A part of the path that must be a whole number; null when it is not.</summary>
    public int? RouteInt(string name) =>
        int.TryParse(Route(name), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id) ? id : null;
}
