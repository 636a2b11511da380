using System.Security.Cryptography;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Saas;

/// <summary>Whether a client is who it says, by its secret (RFC 6749 §2.3.1).</summary>
internal enum SaasClientProof
{
    /// <summary>It is not.</summary>
    Wrong,

    /// <summary>It sent no secret, and may do without where PKCE was used.</summary>
    None,

    /// <summary>It knows its secret.</summary>
    Secret,
}

/// <summary>Checks clients of the token endpoint.</summary>
internal static class SaasClients
{
    /// <summary>What <paramref name="app"/>, whose endpoint was asked, proves of itself. A secret comes in one way only.</summary>
    public static SaasClientProof Check(AppEntry app, HttpRequest request, IFormCollection form, DateTimeOffset now)
    {
        var (id, secret) = (form["client_id"].ToString(), form["client_secret"] is [{ } posted] ? posted : null);
        if (request.Headers.Authorization.Count > 0)
        {
            if (secret is not null || request.Headers.Authorization is not [{ } header] || BasicCredentials.Read(header) is not var (user, password) || (id.Length > 0 && id != user))
            {
                return SaasClientProof.Wrong;
            }

            (id, secret) = (user, password);
        }

        if (id != app.App.SsoId || app.App.Saas?.Oidc is not { } client)
        {
            return SaasClientProof.Wrong;
        }

        return secret is null
            ? client.PkceWithoutSecret && client.May(SaasGrant.AuthorizationCodeWithPkce) ? SaasClientProof.None : SaasClientProof.Wrong
            : Knows(app.App, ServiceTokenEntry.HashOf(secret), now) ? SaasClientProof.Secret : SaasClientProof.Wrong;
    }

    // Both are compared, so that time tells nothing.
    private static bool Knows(App app, byte[] hash, DateTimeOffset now) =>
        CryptographicOperations.FixedTimeEquals(hash, app.ClientSecretHash ?? [])
        | (CryptographicOperations.FixedTimeEquals(hash, app.PreviousClientSecretHash ?? []) & app.PreviousClientSecretExpiresAt > now);
}
