using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.SignIn.Testing;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>
/// Verifies what a provider posted (SAML Bindings §3.5, Profiles §4.1.4). Closed: one response, one assertion, signatures where the schema has them and
/// nowhere else, ids that are unique. What is read afterwards is only what was signed.
/// </summary>
internal sealed class SamlResponses(PublicUrls urls, TimeProvider clock)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The assertion in <paramref name="posted"/>, the base64 of a form, in answer to the request of <paramref name="state"/>.</summary>
    public Outcome<SamlAssertion> Verify(LoginMethodEntry entry, string posted, LoginState state)
    {
        var method = entry.Method;
        var response = Decode(posted) is { } text ? SamlXml.Read(text, out var unreadable)?.DocumentElement : Unreadable(out unreadable);
        if (response is null || !SamlXml.Is(response, "Response", SamlNames.Protocol) || response.GetAttribute("Version") != "2.0")
        {
            return Refuse(method, new("saml_unreadable", "What came is no SAML response that can be read in one way only.", unreadable.Length > 0 ? unreadable : "not a Response of version 2.0"), StatusCodes.Status400BadRequest);
        }

        state.Trace?.Add("Response", $"Came from {Word(SamlXml.Text(SamlXml.Only(response, "Issuer", SamlNames.Assertion)) ?? "an issuer without a name")}, for {Word(response.GetAttribute("Destination"))}.");
        if (StatusFailure(method, response) is { } failed)
        {
            return failed;
        }

        if (ShapeFault(response) is { } shape)
        {
            return Refuse(method, shape, StatusCodes.Status400BadRequest);
        }

        if (HeadFault(method, response, RequestId(state)) is { } head)
        {
            return Refuse(method, head);
        }

        var assertion = Signed(entry, response, state.Trace, out var fault);
        if (assertion is null)
        {
            return Refuse(method, new("saml_signature", "The signature of the answer does not count: compare the certificates in the login method's settings with the provider's, and let it sign by SHA-256.", fault));
        }

        var read = new AssertionReader(method, urls.AccessCallback, RequestId(state), clock.GetUtcNow()).Read(assertion, out var refused);
        if (read is null)
        {
            return Refuse(method, refused!); // the other half
        }

        state.Trace?.Add("Assertion", "Issuer, audience, recipient, request and times are right.");
        return read;
    }

    /// <summary>The id of the request that a sign-in sends: a name in XML, so it begins with no digit.</summary>
    public static string RequestId(LoginState state) => "_" + state.Nonce;

    private static XmlElement? Unreadable(out string fault)
    {
        fault = "no base64 of UTF-8, or too long";
        return null;
    }

    private static string? Decode(string posted)
    {
        if (posted.Length > SamlXml.Longest / 3 * 4)
        {
            return null;
        }

        try
        {
            return Strict.GetString(Convert.FromBase64String(posted));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null; // no base64; no UTF-8
        }
    }

    private static SignInFailure? StatusFailure(LoginMethod method, XmlElement response)
    {
        var status = SamlXml.Only(response, "Status", SamlNames.Protocol);
        var code = status is null ? null : SamlXml.Only(status, "StatusCode", SamlNames.Protocol);
        if (code?.GetAttribute("Value") == SamlNames.Success)
        {
            return null;
        }

        var words = SamlXml.Below(response)
            .Where(e => SamlXml.Is(e, "StatusCode", SamlNames.Protocol))
            .Select(e => e.GetAttribute("Value").Split(':')[^1])
            .Take(3);
        var message = status is null ? null : SamlXml.Text(SamlXml.Only(status, "StatusMessage", SamlNames.Protocol));
        var said = Word(string.Join(", ", words));
        return new SignInFailure(
            "provider_error",
            $"Signing in at {method.Name}",
            $"{method.Name} did not sign you in",
            $"It says: {(said.Length > 0 ? said : "nothing of a status")}{(message is { Length: > 0 } ? $" ({Word(message)})" : "")}.",
            $"status {said}",
            StatusCodes.Status403Forbidden);
    }

    // Wrapping (XSW) needs a second assertion, a second element of the same id, or a signature somewhere else.
    private static SamlFault? ShapeFault(XmlElement response)
    {
        var all = SamlXml.Below(response).Prepend(response).ToList();
        if (all.Exists(e => e.NamespaceURI == SamlNames.Assertion && e.LocalName is "EncryptedAssertion" or "EncryptedID"))
        {
            return SamlFault.Encrypted("an EncryptedAssertion or EncryptedID");
        }

        if (all.Count(e => e.LocalName == "Assertion") != 1 || SamlXml.Only(response, "Assertion", SamlNames.Assertion) is not { } assertion)
        {
            return new("saml_shape", "The answer holds more than one assertion, or none.", "not exactly one Assertion, directly under the Response");
        }

        var ids = all.SelectMany(e => e.Attributes.OfType<XmlAttribute>()).Where(a => a.LocalName.Equals("id", StringComparison.OrdinalIgnoreCase)).Select(a => a.Value).ToList();
        if (ids.Distinct(StringComparer.Ordinal).Count() != ids.Count)
        {
            return new("saml_shape", "The answer holds an id twice.", "an ID is not unique");
        }

        if (SamlXml.Children(response).Any(c => !IsKnown(c)))
        {
            return new("saml_shape", "The answer holds something that does not belong into one.", "an unknown element under the Response");
        }

        // Signatures in places that nobody looks at are no signatures; two in one place leave a choice.
        var signatures = all.Where(e => e.LocalName == "Signature").ToList();
        var placed = new[] { response, assertion }.SelectMany(e => SamlXml.Children(e, "Signature", SamlNames.Signature)).ToList();
        return signatures.Count == 0 ? new("saml_unsigned", "The answer is not signed. Let the login method sign its assertions.", "no signature")
            : signatures.Count != placed.Count || placed.Select(s => s.ParentNode).Distinct().Count() != placed.Count
                ? new("saml_shape", "The answer holds a signature where none belongs.", "a signature that is not the one of the Response or of its Assertion")
            : null;
    }

    private static bool IsKnown(XmlElement child) => (child.NamespaceURI, child.LocalName) is
        (SamlNames.Assertion, "Issuer" or "Assertion") or (SamlNames.Protocol, "Status" or "Extensions") or (SamlNames.Signature, "Signature");

    // The envelope may be unsigned; what it says must be right all the same. What counts, the assertion repeats.
    private SamlFault? HeadFault(LoginMethod method, XmlElement response, string requestId)
    {
        if (SamlXml.Children(response, "Issuer", SamlNames.Assertion).Any() && SamlXml.Text(SamlXml.Only(response, "Issuer", SamlNames.Assertion)) != method.Issuer)
        {
            return SamlFault.Issuer();
        }

        var isSigned = SamlXml.Children(response, "Signature", SamlNames.Signature).Any();
        if ((isSigned || response.HasAttribute("Destination")) && response.GetAttribute("Destination") != urls.AccessCallback)
        {
            return SamlFault.Recipient(urls.AccessCallback, "Destination is not our address");
        }

        return response.GetAttribute("InResponseTo") == requestId ? null : SamlFault.InResponseTo("InResponseTo of the response is not our request");
    }

    // The assertion as it was signed: by its own signature, else as a part of the response. Where both are signed, both have to be right.
    private static XmlElement? Signed(LoginMethodEntry entry, XmlElement response, SignInTrace? trace, out string fault)
    {
        var certificates = entry.Saml!.Certificates.Select(SamlCertificate.Read).OfType<X509Certificate2>().ToList(); // only methods by SAML come here
        try
        {
            XmlElement? read = null;
            fault = "";
            if (SamlXml.Children(response, "Signature", SamlNames.Signature).Any())
            {
                if (SignedElement.Verify(response, certificates, out fault) is not { } whole)
                {
                    fault = "response: " + fault;
                    return null;
                }

                trace?.Add("Signature of the response", "Made by a certificate of the settings.");
                read = SamlXml.Only(whole, "Assertion", SamlNames.Assertion);
            }

            var assertion = SamlXml.Only(response, "Assertion", SamlNames.Assertion)!; // looked for already
            if (SamlXml.Children(assertion, "Signature", SamlNames.Signature).Any())
            {
                read = SignedElement.Verify(assertion, certificates, out fault);
                fault = "assertion: " + fault;
                trace?.Add("Signature of the assertion", read is null ? "Does not count." : "Made by a certificate of the settings.");
            }

            return read;
        }
        catch (CryptographicException)
        {
            fault = "the signature can't be computed";
            return null;
        }
        finally
        {
            certificates.ForEach(c => c.Dispose());
        }
    }

    private static SignInFailure Refuse(LoginMethod method, SamlFault fault, int status = StatusCodes.Status403Forbidden) =>
        new(fault.Code, $"Verifying the assertion of {method.Name}", "Failed to verify the SAML response", fault.Text, fault.Reason, status);

    private static string Word(string text) => JsonText.Plain(text, 200);
}
