using System.Net;

namespace Gatehouse.Model.Policies;

/// <summary>One selector of a policy. A closed set: a new case needs an arm in <see cref="RuleEvaluator"/>, in <see cref="RuleJson"/> and in <see cref="RuleText"/>.</summary>
public abstract record Rule
{
    private Rule()
    {
    }

    /// <summary>Whether it is checked on every request (true) or only when a token is issued (false).</summary>
    public virtual bool IsContinuous => false;

    /// <summary>Whether it can't be judged before somebody has signed in.</summary>
    public virtual bool NeedsSignIn => true;

    /// <summary>One address, compared in its canonical form.</summary>
    public sealed record Email(string Address) : Rule;

    /// <summary>An address on the list with this id.</summary>
    public sealed record EmailList(Guid Id) : Rule;

    /// <summary>An address under exactly <paramref name="Domain"/>, never under a subdomain of it.</summary>
    public sealed record EmailDomain(string Domain) : Rule;

    /// <summary>Anyone who signed in; any request at all in a bypass or service-auth policy.</summary>
    public sealed record Everyone : Rule
    {
        /// <inheritdoc/>
        public override bool NeedsSignIn => false;
    }

    /// <summary>The client address, as seen by the listener.</summary>
    public sealed record Ip(IPNetwork Range) : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;

        /// <inheritdoc/>
        public override bool NeedsSignIn => false;
    }

    /// <summary>The client address is in a range of the list with this id.</summary>
    public sealed record IpList(Guid Id) : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;

        /// <inheritdoc/>
        public override bool NeedsSignIn => false;
    }

    /// <summary>The client address is in this country, as the database of places says.</summary>
    /// <param name="Code">ISO 3166, two capital letters.</param>
    public sealed record Country(string Code) : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;

        /// <inheritdoc/>
        public override bool NeedsSignIn => false;
    }

    /// <summary>Signed in through the login method with this id.</summary>
    public sealed record LoginMethod(Guid Id) : Rule;

    /// <summary>The login method reported this way of proving who one is (RFC 8176).</summary>
    public sealed record AuthMethod(string Method) : Rule;

    /// <summary>Meets the Access group with this id.</summary>
    public sealed record Group(Guid Id) : Rule;

    /// <summary>A claim of the login method equals the value; an array claim when any member does.</summary>
    /// <param name="Name">The claim's name, as listed in the login method's claims.</param>
    /// <param name="Value">Compared ordinally, whole.</param>
    /// <param name="LoginMethodId">Only when signed in through this login method; null means any.</param>
    public sealed record OidcClaim(string Name, string Value, Guid? LoginMethodId) : Rule;

    /// <summary>The request proves itself by the service token with this id.</summary>
    public sealed record ServiceToken(Guid Id) : Rule
    {
        /// <inheritdoc/>
        public override bool NeedsSignIn => false;

        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>The request proves itself by any service token.</summary>
    public sealed record AnyServiceToken : Rule
    {
        /// <inheritdoc/>
        public override bool NeedsSignIn => false;

        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>The request brings an access token that the SaaS application with this id was issued.</summary>
    public sealed record LinkedAppToken(Guid AppId) : Rule
    {
        /// <inheritdoc/>
        public override bool NeedsSignIn => false;

        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>The connection shows a certificate of an authority that was uploaded for the host.</summary>
    public sealed record Certificate : Rule
    {
        /// <inheritdoc/>
        public override bool NeedsSignIn => false;

        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>The connection shows such a certificate, and this is its common name; compared ordinally, whole.</summary>
    public sealed record CommonName(string Name) : Rule
    {
        /// <inheritdoc/>
        public override bool NeedsSignIn => false;

        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>A member of a group that one login method delivers in its <c>groups</c> claim.</summary>
    /// <param name="Kind">Whose words the group is named in.</param>
    /// <param name="Value">The group as the claim spells it; see <see cref="ProviderGroups"/>.</param>
    /// <param name="LoginMethodId">Signed in through this login method.</param>
    public sealed record ProviderGroup(ProviderGroupKind Kind, string Value, Guid LoginMethodId) : Rule;

    /// <summary>An attribute of a SAML assertion holds the value.</summary>
    /// <param name="Name">The attribute's name, not its friendly name.</param>
    /// <param name="Value">Compared ordinally, whole.</param>
    /// <param name="LoginMethodId">Signed in through this login method.</param>
    public sealed record SamlClaim(string Name, string Value, Guid LoginMethodId) : Rule;

    /// <summary>Entra ID fulfilled an authentication context: its claim <c>acrs</c> holds <paramref name="ContextId"/>.</summary>
    /// <param name="Id">Entra's id of the context; kept, not judged.</param>
    public sealed record AuthContext(string Id, string ContextId, Guid LoginMethodId) : Rule;

    /// <summary>A service outside says yes. Asked when a token is issued; its answer is remembered with the session.</summary>
    public sealed record ExternalEvaluation(string EvaluateUrl, string KeysUrl) : Rule;
}

/// <summary>Providers whose groups have a selector of their own.</summary>
public enum ProviderGroupKind
{
    /// <summary>Object id of a group in Entra ID.</summary>
    Azure,

    /// <summary>An organization at GitHub, or a team in one.</summary>
    GitHub,

    /// <summary>Address of a group in Google Workspace.</summary>
    Google,

    /// <summary>Name of a group at Okta.</summary>
    Okta,
}
