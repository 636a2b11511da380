using System.Xml;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>Holds one assertion, already verified and read anew, to the browser profile (SAML Profiles §4.1.4.3) and takes what it says.</summary>
/// <param name="method">The login method that was asked.</param>
/// <param name="callback">Our address for assertions, and our name.</param>
/// <param name="requestId">The id of the request that this must answer.</param>
/// <param name="now">The time.</param>
internal sealed class AssertionReader(LoginMethod method, string callback, string requestId, DateTimeOffset now)
{
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    /// <summary>What it says; null when it is not for us, not now, or not in answer to us, and then <paramref name="fault"/> says why.</summary>
    public SamlAssertion? Read(XmlElement assertion, out SamlFault? fault)
    {
        fault = Fault(assertion);
        if (fault is not null)
        {
            return null;
        }

        var name = SamlXml.Only(SamlXml.Only(assertion, "Subject", SamlNames.Assertion)!, "NameID", SamlNames.Assertion)!; // both looked for just now
        var statements = SamlXml.Children(assertion, "AuthnStatement", SamlNames.Assertion).ToList();
        _ = SamlXml.TryTime(SamlXml.Attribute(statements[0], "AuthnInstant"), out var authenticated); // likewise
        return new SamlAssertion
        {
            Id = assertion.GetAttribute("ID"),
            NameId = SamlXml.Text(name)!, // likewise
            NameIdFormat = name.GetAttribute("Format"),
            SessionIndex = statements[0].GetAttribute("SessionIndex"),
            AuthenticatedAt = authenticated,
            Contexts = [.. statements
                .SelectMany(s => SamlXml.Children(s, "AuthnContext", SamlNames.Assertion))
                .SelectMany(c => SamlXml.Children(c, "AuthnContextClassRef", SamlNames.Assertion))
                .Select(r => SamlXml.Text(r))
                .OfType<string>()],
            Attributes = Attributes(assertion),
        };
    }

    private SamlFault? Fault(XmlElement assertion)
    {
        if (!SamlXml.Is(assertion, "Assertion", SamlNames.Assertion) || assertion.GetAttribute("Version") != "2.0" || assertion.GetAttribute("ID").Length == 0)
        {
            return new("saml_unreadable", "What came is no SAML 2.0 assertion.", "not an assertion of version 2.0 with an ID");
        }

        if (SamlXml.Text(SamlXml.Only(assertion, "Issuer", SamlNames.Assertion)) != method.Issuer)
        {
            return SamlFault.Issuer();
        }

        return SubjectFault(assertion) ?? ConditionsFault(assertion) ?? StatementsFault(assertion);
    }

    private SamlFault? SubjectFault(XmlElement assertion)
    {
        if (SamlXml.Only(assertion, "Subject", SamlNames.Assertion) is not { } subject || SamlXml.Text(SamlXml.Only(subject, "NameID", SamlNames.Assertion)) is not { Length: > 0 })
        {
            return new("saml_subject", "The assertion does not say whom it is about in plain (NameID).", "no single Subject with a NameID of text");
        }

        // Any of several will do; each has to be right in everything itself.
        var faults = SamlXml.Children(subject, "SubjectConfirmation", SamlNames.Assertion)
            .Where(c => c.GetAttribute("Method") == SamlNames.Bearer)
            .Select(c => ConfirmationFault(SamlXml.Only(c, "SubjectConfirmationData", SamlNames.Assertion)))
            .ToList();
        return faults.Count == 0 ? new("saml_subject", "The assertion is not one that a browser may bring (bearer).", "no bearer confirmation")
            : faults.Contains(null) ? null
            : faults[0];
    }

    private SamlFault? ConfirmationFault(XmlElement? data)
    {
        if (data is null || SamlXml.Attribute(data, "Recipient") != callback)
        {
            return SamlFault.Recipient(callback, "Recipient is not our address");
        }

        if (SamlXml.Attribute(data, "InResponseTo") != requestId)
        {
            return SamlFault.InResponseTo("InResponseTo of the confirmation is not our request");
        }

        return data.HasAttribute("NotOnOrAfter") ? TimesFault(data) : new("saml_clock", "The assertion does not say until when it may be brought (NotOnOrAfter).", "a confirmation without NotOnOrAfter");
    }

    private SamlFault? ConditionsFault(XmlElement assertion)
    {
        if (SamlXml.Only(assertion, "Conditions", SamlNames.Assertion) is not { } conditions)
        {
            return new("saml_conditions", "The assertion does not say for whom it is (Conditions).", "no single Conditions");
        }

        var restrictions = SamlXml.Children(conditions, "AudienceRestriction", SamlNames.Assertion).ToList();
        if (restrictions.Count == 0 || !restrictions.TrueForAll(r => SamlXml.Children(r, "Audience", SamlNames.Assertion).Any(a => SamlXml.Text(a) == callback)))
        {
            return new("saml_audience", $"The assertion was made for another service. Set the entity id (audience) at the login method to {callback}.", "we are not in each AudienceRestriction");
        }

        // SAML Core §2.5.1: a condition that nobody here understands is one that is not met.
        return SamlXml.Children(conditions).Any(c => c.NamespaceURI != SamlNames.Assertion || c.LocalName is not ("AudienceRestriction" or "OneTimeUse" or "ProxyRestriction"))
            ? new("saml_conditions", "The assertion is tied to a condition that Access does not know.", "an unknown condition")
            : TimesFault(conditions);
    }

    private SamlFault? StatementsFault(XmlElement assertion)
    {
        var statements = SamlXml.Children(assertion, "AuthnStatement", SamlNames.Assertion).ToList();
        if (statements.Count == 0 || !SamlXml.TryTime(SamlXml.Attribute(statements[0], "AuthnInstant"), out var at) || at is null
            || !SamlXml.TryTime(SamlXml.Attribute(statements[0], "SessionNotOnOrAfter"), out var end))
        {
            return new("saml_statement", "The assertion does not say when the person signed in (AuthnStatement).", "no AuthnStatement with a readable AuthnInstant");
        }

        if (end <= now - Leeway)
        {
            return Clock("SessionNotOnOrAfter is over");
        }

        return SamlXml.Children(assertion, "AttributeStatement", SamlNames.Assertion).Any(s => SamlXml.Children(s, "EncryptedAttribute", SamlNames.Assertion).Any())
            ? SamlFault.Encrypted("an EncryptedAttribute")
            : null;
    }

    private SamlFault? TimesFault(XmlElement element)
    {
        if (!SamlXml.TryTime(SamlXml.Attribute(element, "NotBefore"), out var from) || !SamlXml.TryTime(SamlXml.Attribute(element, "NotOnOrAfter"), out var end))
        {
            return new("saml_clock", "The assertion's times can't be read.", $"a time of {element.LocalName} is unreadable");
        }

        return from > now + Leeway ? Clock($"NotBefore of {element.LocalName} is to come")
            : end <= now - Leeway ? Clock($"NotOnOrAfter of {element.LocalName} is over")
            : null;
    }

    private static SamlFault Clock(string reason) => new(
        "saml_clock", "The assertion is not valid at this moment: it is too old, or the clocks of the login method and of Access differ. Set both by NTP.", reason);

    // One name may come in several elements (with other NameFormats); rules know names only.
    private static Dictionary<string, IReadOnlyList<string>> Attributes(XmlElement assertion) => SamlXml.Children(assertion, "AttributeStatement", SamlNames.Assertion)
        .SelectMany(s => SamlXml.Children(s, "Attribute", SamlNames.Assertion))
        .GroupBy(a => a.GetAttribute("Name"), StringComparer.Ordinal)
        .ToDictionary(
            g => g.Key,
            g => (IReadOnlyList<string>)[.. g.SelectMany(a => SamlXml.Children(a, "AttributeValue", SamlNames.Assertion)).Select(v => v.InnerText)],
            StringComparer.Ordinal);
}

/// <summary>Why an answer by SAML counts for nothing.</summary>
/// <param name="Code">Stable and public.</param>
/// <param name="Text">What the person is told.</param>
/// <param name="Reason">For the log only.</param>
internal sealed record SamlFault(string Code, string Text, string Reason)
{
    public static SamlFault Issuer() => new(
        "saml_issuer", "The answer was made by another issuer than the login method's settings name. Compare issuer_url there with the provider's entity id, letter by letter.", "Issuer is not issuer_url");

    public static SamlFault Recipient(string callback, string reason) =>
        new("saml_recipient", $"The answer was made for another address. Set the assertion consumer service at the login method to {callback}.", reason);

    public static SamlFault InResponseTo(string reason) => new(
        "saml_unsolicited", "The answer does not belong to this sign-in. Sign-ins begin here, at the application; those that begin at the provider (IdP-initiated) are refused.", reason);

    public static SamlFault Encrypted(string reason) => new(
        "saml_encrypted", "The answer is encrypted, which Access does not read. Switch the encryption of assertions off at the login method: TLS protects them on their way.", reason);
}
