using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Gatehouse.Model.Apps;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;

namespace Gatehouse.Model.Snapshots;

/// <summary>Everything the gateway and the login page look at, immutable. Made by <see cref="AccessTableBuilder"/>.</summary>
public sealed class AccessTable
{
    /// <summary>The tenant's settings.</summary>
    public required Organization Organization { get; init; }

    /// <summary>Apps by AUD tag.</summary>
    public required FrozenDictionary<string, AppEntry> AppsByAud { get; init; }

    /// <summary>SaaS applications by what their sign-in addresses are called.</summary>
    public FrozenDictionary<string, AppEntry> SaasApps { get; init; } = FrozenDictionary<string, AppEntry>.Empty;

    /// <summary>The App Launcher as configured; null means that it is as shipped, and open to whoever may open an app.</summary>
    public AppEntry? Launcher { get; init; }

    /// <summary>Which app covers a host and path.</summary>
    public required AppMatcher Apps { get; init; }

    /// <summary>Where a host's requests go.</summary>
    public required OriginMatcher Origins { get; init; }

    /// <summary>Tunnels by id, those deleted included.</summary>
    public FrozenDictionary<Guid, TunnelEntry> Tunnels { get; init; } = FrozenDictionary<Guid, TunnelEntry>.Empty;

    /// <summary>Custom pages by id.</summary>
    public FrozenDictionary<Guid, CustomPage> CustomPages { get; init; } = FrozenDictionary<Guid, CustomPage>.Empty;

    /// <summary>Login methods in the order they are shown.</summary>
    public required ImmutableArray<LoginMethodEntry> LoginMethods { get; init; }

    /// <summary>Folded names of the headers in which origins hear attributes; a visitor's own headers of such names get nowhere.</summary>
    public FrozenSet<string> AttributeHeaders { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Keys of Access's own tokens, the current one first.</summary>
    public required ImmutableArray<AccessSigningKey> Keys { get; init; }

    /// <summary>Service tokens by client id.</summary>
    public FrozenDictionary<string, ServiceTokenEntry> ServiceTokens { get; init; } = FrozenDictionary<string, ServiceTokenEntry>.Empty;

    /// <summary>Which hosts ask for client certificates, and whose.</summary>
    public ClientCertificateTable ClientCertificates { get; init; } = ClientCertificateTable.Empty;

    /// <summary>Whether requests for <paramref name="host"/> lead anywhere. Nobody is asked to sign in for a host where they don't.</summary>
    public bool IsPublished(string host) => Origins.Find(host) is not null;

    /// <summary>Whether a request for <paramref name="host"/> that no app covers is refused. The random name of a quick tunnel is public: whoever asked for it wanted that, and the operator lets them.</summary>
    public bool DeniesUnmatched(string host) => Organization.DenyUnmatchedRequests && Origins.Find(host)?.Tunnel?.Tunnel.IsQuickHost(host) is not true;

    /// <summary>Whether <paramref name="host"/> is published or covered by an app: a name we answer for, if only to say that nothing is there.</summary>
    public bool Serves(string host) => Apps.Covers(host) || IsPublished(host);

    /// <summary>The login methods that <paramref name="app"/> allows.</summary>
    public ImmutableArray<LoginMethodEntry> LoginMethodsOf(AppEntry app) =>
        [.. LoginMethods.Where(m => app.Takes(m.Method.Id))];
}

/// <summary>An app as requests see it.</summary>
public sealed class AppEntry
{
    /// <summary>The app as configured; not to be changed.</summary>
    public required App App { get; init; }

    /// <summary>Bypass and service-auth policies in order.</summary>
    public required ImmutableArray<CompiledPolicy> BeforeSignIn { get; init; }

    /// <summary>Allow and deny policies in order.</summary>
    public required ImmutableArray<CompiledPolicy> AfterSignIn { get; init; }

    /// <summary>What its rules may name.</summary>
    public required RuleScope Scope { get; init; }

    /// <summary>Whether a rule asks which country a request comes from.</summary>
    public bool AsksForCountry { get; init; }

    /// <summary>The external evaluations that its allow and deny policies ask, each once.</summary>
    public ImmutableArray<Rule.ExternalEvaluation> Evaluations { get; init; } = [];

    /// <summary>Whether an allow or deny policy holds a rule that is checked on every request.</summary>
    public required bool HasContinuousRules { get; init; }

    /// <summary>Changes when a decision of its allow and deny policies, or which login methods it takes, may change: 16 hex digits. A token issued under another value is judged anew.</summary>
    public required string PolicyHash { get; init; }

    /// <summary>The login methods that exist and that it allows.</summary>
    public required FrozenSet<Guid> LoginMethods { get; init; }

    /// <summary>Which groups a SaaS application is told of; null means all.</summary>
    public GroupFilter? Groups { get; init; }

    /// <summary>The SaaS applications whose access tokens may let a request in.</summary>
    public ImmutableArray<Guid> LinkedApps { get; init; } = [];

    /// <summary>Whether a service token may let a request in.</summary>
    public bool TakesServiceTokens { get; init; }

    /// <summary>Whether people who signed in by this login method may enter. By one that is gone nobody may, whatever they hold of it.</summary>
    public bool Takes(Guid loginMethod) => LoginMethods.Contains(loginMethod);
}

/// <summary>A login method with its secret opened. Never printed.</summary>
public sealed class LoginMethodEntry
{
    /// <summary>As configured; not to be changed.</summary>
    public required LoginMethod Method
    {
        get;
        init
        {
            field = value;
            Saml = value.Type == LoginMethodTypes.Saml ? SamlSettings.Of(value) : null;
        }
    }

    /// <summary>Its settings when it is one by SAML; null when it is another.</summary>
    public SamlSettings? Saml { get; private init; }

    /// <summary>The client secret in clear.</summary>
    public required string ClientSecret { get; init; }
}

/// <summary>Where requests for a host go.</summary>
public sealed class OriginEntry
{
    /// <summary>As configured; not to be changed.</summary>
    public required PublicHostname Hostname { get; init; }

    /// <summary>Scheme, host and port of the service; no path.</summary>
    public required string Prefix
    {
        get;
        init
        {
            field = value;
            IsUsable = IsWebServer(value);
        }
    }

    /// <summary>The tunnel that leads there; null when the gateway dials it itself.</summary>
    public TunnelEntry? Tunnel { get; init; }

    /// <summary>Whether requests can be sent there. Decided once, since every request asks.</summary>
    public bool IsUsable { get; private init; }

    private static bool IsWebServer(string prefix) =>
        Uri.TryCreate(prefix, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.Host.Length > 0
        && uri.UserInfo.Length == 0
        && prefix.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase)
        && prefix.AsSpan(uri.Scheme.Length + "://".Length).IndexOfAny("/\\?#") < 0;
}

/// <summary>One of Access's signing keys with its private half opened. Never printed.</summary>
public sealed class AccessSigningKey
{
    /// <summary>64 lower-case hex digits.</summary>
    public required string Kid { get; init; }

    /// <summary>Certificate, PEM.</summary>
    public required string CertificatePem { get; init; }

    /// <summary>The key pair. Owned by the table; not to be disposed.</summary>
    public required RSA Rsa { get; init; }

    /// <summary>Accepted until then; null means it is the current one.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
