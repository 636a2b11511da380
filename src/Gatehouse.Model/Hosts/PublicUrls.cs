namespace Gatehouse.Model.Hosts;

/// <summary>The names Gatehouse answers to and the URLs made from them. Never derived from a request.</summary>
/// <param name="Domain">Base domain, lower case, no trailing dot: <c>localhost</c>, <c>example.com</c>.</param>
/// <param name="Port">The port browsers use; 443 is left out of URLs.</param>
public sealed record PublicUrls(string Domain, int Port)
{
    /// <summary>Host of Identity.</summary>
    public string IdentityHost { get; } = "auth." + Domain;

    /// <summary>Host of Access: the team domain.</summary>
    public string AccessHost { get; } = "access." + Domain;

    /// <summary>Host of the Cloudflare-compatible API.</summary>
    public string ApiHost { get; } = "api." + Domain;

    /// <summary>Host of the console.</summary>
    public string DashHost { get; } = "dash." + Domain;

    /// <summary>Base URL of Identity, without a trailing slash.</summary>
    public string Identity => UrlOf(IdentityHost);

    /// <summary>Base URL of Access without a trailing slash; the issuer of its tokens.</summary>
    public string Access => UrlOf(AccessHost);

    /// <summary>Base URL of the Cloudflare-compatible API, without a trailing slash.</summary>
    public string Api => UrlOf(ApiHost);

    /// <summary>Base URL of the console, without a trailing slash.</summary>
    public string Dash => UrlOf(DashHost);

    /// <summary>The redirect URI that an identity provider must know.</summary>
    public string AccessCallback => Access + "/cdn-cgi/access/callback";

    /// <summary>Where identity providers post logout tokens; the login method's id follows.</summary>
    public string AccessLogoutReceiver => Access + "/cdn-cgi/access/backchannel-logout/";

    /// <summary>An https URL for <paramref name="host"/> on the public port, without a trailing slash.</summary>
    public string UrlOf(string host) => Port == 443 ? $"https://{host}" : $"https://{host}:{Port}";

    /// <summary>Whether <paramref name="host"/> is one of the four names that are Gatehouse's own.</summary>
    public bool IsOwn(string host) => host == IdentityHost || host == AccessHost || host == ApiHost || host == DashHost;
}
