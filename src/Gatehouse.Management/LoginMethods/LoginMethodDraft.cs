using Gatehouse.Management.Writes;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Management.LoginMethods;

/// <summary>A login method as it shall be, whole. A class, so that its secret is never printed.</summary>
internal sealed class LoginMethodDraft
{
    public required string Name { get; init; }

    /// <summary>One of <see cref="LoginMethodTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>What a preset was made of; see <see cref="LoginMethod.PresetJson"/>.</summary>
    public string PresetJson { get; init; } = "{}";

    public required string ClientId { get; init; }

    /// <summary>Empty keeps the stored one.</summary>
    public required string ClientSecret { get; init; }

    public required string AuthUrl { get; init; }

    public required string TokenUrl { get; init; }

    public required string CertsUrl { get; init; }

    /// <summary>The provider's issuer; empty means it is not checked.</summary>
    public required string Issuer { get; init; }

    public required List<string> Scopes { get; init; }

    public required List<string> Claims { get; init; }

    public required string EmailClaimName { get; init; }

    public required bool PkceEnabled { get; init; }

    /// <summary>Whether an address may do of which the provider says that it is not verified.</summary>
    public bool AcceptsUnverifiedEmail { get; init; }

    /// <summary>Set for the type saml alone.</summary>
    public SamlSettings? Saml { get; init; }

    /// <summary>Whether Access proves itself to the provider by a secret.</summary>
    public bool NeedsSecret => Type is not (LoginMethodTypes.OneTimePin or LoginMethodTypes.Saml);

    /// <summary>What is wrong with it.</summary>
    public IEnumerable<Fault> Check() => Type == LoginMethodTypes.OneTimePin ? [] : Saml is { } saml ? SamlCheck.Faults(this, saml) : CheckProvider();

    private IEnumerable<Fault> CheckProvider()
    {
        foreach (var (name, url) in ((string, string)[])[("auth_url", AuthUrl), ("token_url", TokenUrl), ("certs_url", CertsUrl)])
        {
            if (!IsSafe(url))
            {
                yield return new Fault("config." + name, $"{name} must be an absolute https URL without user or fragment (http only on a loopback host)");
            }
        }

        // OpenID Connect Discovery §3: a URL without query or fragment. Some providers' is a name; it is compared as text.
        if (Issuer.Any(c => c is <= ' ' or > '~'))
        {
            yield return new Fault("config.issuer", "issuer holds printable ASCII without spaces: what the provider's discovery document says, letter by letter");
        }

        // RFC 6749 §3.3: scopes are joined by spaces.
        if (Scopes.Exists(s => s.Length == 0 || s.Any(c => c is <= ' ' or '"' or '\\' or > '~')))
        {
            yield return new Fault("config.scopes", "scopes are words of printable ASCII without spaces, quotes or backslashes");
        }

        if (Type != LoginMethodTypes.GitHub && !Scopes.Contains("openid"))
        {
            yield return new Fault("config.scopes", "scopes must contain openid: without it there is no ID token");
        }

        if (Claims.Exists(string.IsNullOrWhiteSpace))
        {
            yield return new Fault("config.claims", "claims must not be empty");
        }
    }

    /// <summary>Makes <paramref name="method"/> like this, all but its secret.</summary>
    public void ApplyTo(LoginMethod method)
    {
        method.Name = Name;
        method.ClientId = ClientId;
        method.PresetJson = Saml?.Write() ?? PresetJson;
        method.AuthUrl = AuthUrl;
        method.TokenUrl = TokenUrl;
        method.CertsUrl = CertsUrl;
        method.Issuer = Issuer;
        method.Scopes = Scopes;
        method.Claims = Claims;
        method.EmailClaimName = EmailClaimName;
        method.PkceEnabled = PkceEnabled;
        method.AcceptsUnverifiedEmail = AcceptsUnverifiedEmail;
    }

    /// <summary>Whether people can be sent there.</summary>
    public static bool IsSafe(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && (uri.IsLoopback || uri.Host.EndsWith(".localhost", StringComparison.Ordinal))));
}
