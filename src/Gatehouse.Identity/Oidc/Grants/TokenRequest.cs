using Gatehouse.Identity.Oidc.Clients;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>A token request whose client is known.</summary>
/// <param name="KeyThumbprint">The key it proved possession of (RFC 9449); null means none.</param>
internal sealed record TokenRequest(Client Client, OAuthParameters Form, HttpContext Context, string? KeyThumbprint);
