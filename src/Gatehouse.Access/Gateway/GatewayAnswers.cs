using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>The answers of an app host that are part of signing in, and so are written elsewhere.</summary>
/// <param name="RedirectToLogin">The 302 to the team domain for a host and its app.</param>
/// <param name="AnswerOnAppHost">Whatever is asked for under <c>/cdn-cgi</c>; never reaches an origin.</param>
/// <param name="NotSignedIn">The 401 for a program at an app's host: it can read that, where a redirect would be opaque.</param>
/// <param name="Deny">The page for a visitor whom the policies refuse, with this status; records the decision.</param>
internal sealed record GatewayAnswers(
    Action<HttpContext, AccessTable, AppEntry, string> RedirectToLogin,
    Func<HttpContext, AccessTable, string, RequestPath, Task> AnswerOnAppHost,
    Func<HttpContext, AccessTable, AppEntry, Visitor, int, Task> Deny,
    Func<HttpContext, AppEntry, string, Task> NotSignedIn);
