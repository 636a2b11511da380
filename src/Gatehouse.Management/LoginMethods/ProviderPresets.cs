using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.LoginMethods;

/// <summary>Where a provider answers.</summary>
internal sealed record ProviderUrls(string Auth, string Token, string Certs, string Issuer);

/// <summary>What is known of the big providers beforehand, so that people need not look it up.</summary>
internal static class ProviderPresets
{
    /// <summary>Settings of each type, by Cloudflare's names; the first <c>Required</c> of them must be there.</summary>
    public static (IReadOnlyList<string> Names, int Required) Settings(string type) => type switch
    {
        LoginMethodTypes.GoogleWorkspace => (["apps_domain"], 1),
        LoginMethodTypes.Entra => (["directory_id", "prompt"], 1),
        LoginMethodTypes.Okta => (["okta_account", "authorization_server_id"], 1),
        _ => ([], 0),
    };

    /// <summary>What is asked for.</summary>
    public static List<string> Scopes(string type) => type switch
    {
        LoginMethodTypes.GitHub => ["read:user", "user:email", "read:org"],
        LoginMethodTypes.Okta => ["openid", "email", "profile", "groups"],
        _ => ["openid", "email", "profile"],
    };

    /// <summary>What is wrong with a setting; null when nothing is.</summary>
    public static string? Fault(string name, string value) => name switch
    {
        // "common" and the other shared directories take everybody's accounts, under addresses that their own administrators choose.
        "directory_id" => Guid.TryParseExact(value, "D", out _) ? null : "directory_id is the id of one directory (tenant), a UUID",
        "prompt" => value is "login" or "select_account" or "none" ? null : "prompt is login, select_account or none",
        "apps_domain" => EmailAddress.IsHost(value) ? null : "apps_domain is the domain of a Google Workspace, in lower case",
        "okta_account" => EmailAddress.IsHost(Account(value)) ? null : "okta_account is the host of an Okta organization, such as https://example.okta.com",
        "authorization_server_id" => value.All(char.IsAsciiLetterOrDigit) ? null : "authorization_server_id holds letters and digits",
        _ => null,
    };

    /// <summary>Where the provider answers.</summary>
    public static ProviderUrls Urls(string type, IReadOnlyDictionary<string, string> settings) => type switch
    {
        LoginMethodTypes.GitHub => new("https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token", "https://api.github.com", ""),
        LoginMethodTypes.Google => Google(""),
        LoginMethodTypes.GoogleWorkspace => Google("?hd=" + Uri.EscapeDataString(settings.GetValueOrDefault("apps_domain", ""))),
        LoginMethodTypes.Entra => Entra("https://login.microsoftonline.com/" + settings.GetValueOrDefault("directory_id", "").ToLowerInvariant()),
        LoginMethodTypes.Okta => Okta("https://" + Account(settings.GetValueOrDefault("okta_account", "")), settings.GetValueOrDefault("authorization_server_id", "")),
        _ => new("", "", "", ""),
    };

    private static ProviderUrls Google(string query) =>
        new("https://accounts.google.com/o/oauth2/v2/auth" + query, "https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v3/certs", "https://accounts.google.com");

    private static ProviderUrls Entra(string directory) =>
        new(directory + "/oauth2/v2.0/authorize", directory + "/oauth2/v2.0/token", directory + "/discovery/v2.0/keys", directory + "/v2.0");

    private static ProviderUrls Okta(string account, string server)
    {
        var issuer = server.Length == 0 ? account : $"{account}/oauth2/{server}";
        var endpoints = server.Length == 0 ? account + "/oauth2" : issuer;
        return new(endpoints + "/v1/authorize", endpoints + "/v1/token", endpoints + "/v1/keys", issuer);
    }

    private static string Account(string text) =>
        (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? text["https://".Length..] : text).TrimEnd('/').ToLowerInvariant();
}
