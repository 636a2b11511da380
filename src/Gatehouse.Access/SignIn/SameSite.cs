using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Whether a form was posted by a page of the team domain itself. Forms carry a sealed state as well; this turns others away before anything is read.</summary>
internal static class SameSite
{
    /// <summary>True unless the browser says that it was another site. Programs that say nothing have no cookies of anybody.</summary>
    public static bool IsOwn(HttpRequest request, PublicUrls urls) =>
        (request.Headers.Origin is [] || request.Headers.Origin == urls.Access || request.Headers.Origin == "null") && request.Headers["Sec-Fetch-Site"] is [] or ["same-origin"];
}
