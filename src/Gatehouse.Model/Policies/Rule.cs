using System.Net;

namespace Gatehouse.Model.Policies;

/// <summary>One selector of a policy. A closed set: a new case needs an arm in <see cref="RuleEvaluator"/> and in <see cref="RuleJson"/>.</summary>
public abstract record Rule
{
    private Rule()
    {
    }

    /// <summary>Whether it is checked on every request (true) or only when a token is issued (false).</summary>
    public virtual bool IsContinuous => false;

    /// <summary>One address, compared in its canonical form.</summary>
    public sealed record Email(string Address) : Rule;

    /// <summary>An address under exactly <paramref name="Domain"/>, never under a subdomain of it.</summary>
    public sealed record EmailDomain(string Domain) : Rule;

    /// <summary>Anyone who signed in; any request at all in a bypass or service-auth policy.</summary>
    public sealed record Everyone : Rule;

    /// <summary>The client address, as seen by the listener.</summary>
    public sealed record Ip(IPNetwork Range) : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>Signed in through the login method with this id.</summary>
    public sealed record LoginMethod(Guid Id) : Rule;

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
        public override bool IsContinuous => true;
    }

    /// <summary>The request proves itself by any service token.</summary>
    public sealed record AnyServiceToken : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>The connection shows a certificate of an authority that was uploaded for the host.</summary>
    public sealed record Certificate : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }

    /// <summary>The connection shows such a certificate, and this is its common name; compared ordinally, whole.</summary>
    public sealed record CommonName(string Name) : Rule
    {
        /// <inheritdoc/>
        public override bool IsContinuous => true;
    }
}
