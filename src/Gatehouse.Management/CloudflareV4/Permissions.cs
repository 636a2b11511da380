using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>A permission group that scoped tokens are given (contract §3.12).</summary>
internal sealed record PermissionGroup(string Id, string Name, string Scope);

/// <summary>
/// Which permission group each route asks of a scoped token. A route that stands nowhere here takes no scoped token at all.
/// </summary>
internal static class Permissions
{
    private const string Apps = "Access: Apps and Policies ";
    private const string Organizations = "Access: Organizations, Identity Providers, and Groups ";
    private const string Account = "com.cloudflare.api.account";
    private const string Zone = "com.cloudflare.api.account.zone";

    // The longest beginning of a path counts, or the whole of it after an equals sign: what is below an account and stands nowhere here is nobody's. What
    // may read ends in Read, what may write in Write.
    private static readonly (string Path, string Group)[] Routes =
    [
        ("/accounts/{account}/access/apps", Apps),
        ("/accounts/{account}/access/policies", Apps),
        ("/accounts/{account}/access/policy-tests", Apps),
        ("/accounts/{account}/access/tags", Apps),
        ("/accounts/{account}/access/bookmarks", Apps),
        ("/accounts/{account}/access/groups", Organizations),
        ("/accounts/{account}/access/identity_providers", Organizations),
        ("/accounts/{account}/access/organizations", Organizations),
        ("/accounts/{account}/access/keys", Organizations),
        ("/accounts/{account}/access/users", Organizations),
        ("/accounts/{account}/access/seats", Organizations),
        ("/accounts/{account}/access/service_tokens", "Access: Service Tokens "),
        ("/accounts/{account}/access/custom_pages", "Access: Custom Pages "),
        ("/accounts/{account}/access/certificates", "Access: Mutual TLS Certificates "),
        ("/accounts/{account}/access/logs", "Access: Audit Logs "),
        ("/accounts/{account}/gateway/lists", "Zero Trust "),
        ("/accounts/{account}/cfd_tunnel", "Cloudflare Tunnel "),
        ("/accounts/{account}/tunnels", "Cloudflare Tunnel "),
        ("/accounts/{account}/public_hostnames", "Cloudflare Tunnel "),
        ("/accounts/{account}/sso_connectors", "SSO Connector "),
        ("/accounts/{account}/tokens", "Account API Tokens "),
        ("/user/tokens", "API Tokens "),
        ("=/accounts", "Account Settings "),
        ("=/accounts/{account}", "Account Settings "),
        ("/zones", "DNS "),
    ];

    /// <summary>Whether people's addresses may be seen in logs.</summary>
    public static PermissionGroup PeopleRead { get; } = Make("Zero Trust: PII Read");

    /// <summary>All of them, in the order of their names.</summary>
    public static IReadOnlyList<PermissionGroup> All { get; } =
    [
        .. Routes.Select(r => r.Group).Distinct()
            .SelectMany(g => g == "Access: Audit Logs " ? new[] { g + "Read" } : [g + "Read", g + "Write"])
            .Append(Apps + "Revoke").Append(Organizations + "Revoke")
            .Select(Make).Append(PeopleRead)
            .OrderBy(g => g.Name, StringComparer.Ordinal),
    ];

    private static readonly FrozenDictionary<string, PermissionGroup> ById = All.ToFrozenDictionary(g => g.Id);
    private static readonly FrozenDictionary<string, PermissionGroup> ByName = All.ToFrozenDictionary(g => g.Name);

    /// <summary>The group of this id; null when there is none.</summary>
    public static PermissionGroup? Find(string id) => ById.GetValueOrDefault(id);

    /// <summary>The groups of which a scoped token needs one for this route; empty means that none will do.</summary>
    public static IReadOnlyList<PermissionGroup> Needed(string method, string path)
    {
        path = path.StartsWith(ZoneRoutes.Path + "/", StringComparison.Ordinal) ? "/accounts/{account}/access" + path[ZoneRoutes.Path.Length..] : path;
        var name = Routes.Where(r => Covers(r.Path, path)).OrderByDescending(r => r.Path.Length).FirstOrDefault().Group; // none: no group
        string[] names = name is null ? []
            : method is "GET" or "HEAD" && !GivesSecret(path) ? [name + "Read", name + "Write"]
            : path.EndsWith("/revoke_tokens", StringComparison.Ordinal) || path.EndsWith("/revoke_user", StringComparison.Ordinal) ? [name + "Revoke", name + "Write"]
            : [name + "Write"];
        return [.. names.Select(n => ByName.GetValueOrDefault(n)).OfType<PermissionGroup>()];
    }

    private static bool Covers(string route, string path) =>
        route.StartsWith('=') ? path == route[1..] : path == route || path.StartsWith(route + "/", StringComparison.Ordinal);

    // Whoever reads a tunnel's token can connect as the tunnel: that is more than reading.
    private static bool GivesSecret(string path) => path.EndsWith("/cfd_tunnel/{id}/token", StringComparison.Ordinal);

    // Cloudflare's ids are made up; ours follow from the names, so that they are the same in every installation.
    private static PermissionGroup Make(string name) => new(
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("permission group " + name)).AsSpan(0, 16)), name, name.StartsWith("DNS ", StringComparison.Ordinal) ? Zone : Account);
}
