using Gatehouse.Identity.Oidc;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The executor's view of <see cref="AuthorizationFlow"/>: three questions, so that flows can be tried without OAuth.</summary>
internal sealed record AuthorizationBorder(
    Func<HttpContext, string, SignedInBrowser, CancellationToken, Task<PendingAuthorization?>> ReadAsync,
    Func<HttpContext, string, SignedInBrowser, CancellationToken, Task<string>> FinishAsync,
    Func<string, SignedInBrowser, CancellationToken, Task<string?>> IconAsync);
