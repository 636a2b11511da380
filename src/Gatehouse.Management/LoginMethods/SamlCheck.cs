using Gatehouse.Management.Writes;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Management.LoginMethods;

/// <summary>What can be wrong with a login method by SAML.</summary>
internal static class SamlCheck
{
    private const int MostCertificates = 10;
    private const int MostHeaders = 20;

    // What a request is, how it travels, or who sends it: not for a provider's attributes to say.
    private static readonly string[] Taken =
    [
        "host", "connection", "cookie", "te", "trailer", "upgrade", "expect", "keep-alive", "transfer-encoding", "authorization", "via", "forwarded", "origin", "referer", "range", "date",
        "true-client-ip", "x-real-ip", "x-http-method-override",
    ];

    private static readonly string[] TakenFamilies = ["cf-", "content-", "proxy-", "x-forwarded-", "x-original-", "sec-", "accept", "access-control-", "if-"];

    /// <summary>The faults, by field of the body.</summary>
    public static IEnumerable<Fault> Faults(LoginMethodDraft draft, SamlSettings settings)
    {
        if (!LoginMethodDraft.IsSafe(draft.AuthUrl))
        {
            yield return new Fault("config.sso_target_url", "sso_target_url must be an absolute https URL without user or fragment (http only on a loopback host)");
        }

        // Compared as text with what assertions say.
        if (draft.Issuer.Length == 0 || draft.Issuer.Any(c => c is <= ' ' or > '~'))
        {
            yield return new Fault("config.issuer_url", "issuer_url is the provider's entity id, letter by letter: printable ASCII without spaces");
        }

        if (draft.Claims.Exists(string.IsNullOrWhiteSpace))
        {
            yield return new Fault("config.attributes", "attributes must not be empty");
        }

        foreach (var fault in OfCertificates(settings.Certificates).Concat(OfHeaders(settings.Headers)))
        {
            yield return fault;
        }
    }

    private static IEnumerable<Fault> OfCertificates(IReadOnlyList<string> certificates)
    {
        const string Field = "config.idp_public_certs";
        if (certificates.Count is 0 or > MostCertificates)
        {
            yield return new Fault(Field, $"idp_public_certs holds 1 to {MostCertificates} certificates");
        }

        foreach (var text in certificates)
        {
            using var certificate = SamlCertificate.Read(text);
            if (certificate is null)
            {
                yield return new Fault(Field, "each of idp_public_certs is one certificate, as PEM or as the base64 that metadata holds, and nothing beside it");
            }
            else if (SamlCertificate.Fault(certificate) is { } fault)
            {
                yield return new Fault(Field, $"certificate '{certificate.Subject}' can't be used: {fault}");
            }
        }
    }

    private static IEnumerable<Fault> OfHeaders(IReadOnlyList<SamlHeader> headers)
    {
        const string Field = "config.header_attributes";
        if (headers.Count > MostHeaders || headers.DistinctBy(h => h.Folded).Count() != headers.Count)
        {
            yield return new Fault(Field, $"header_attributes holds at most {MostHeaders} headers, each once (letters of either case, and all signs, count as the same)");
        }

        foreach (var header in headers)
        {
            // RFC 9110 §5.6.2, less what some servers fold or refuse.
            if (header.Name.Length > SamlHeader.LongestName || !char.IsAsciiLetter(header.Name[0]) || header.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            {
                yield return new Fault(Field, $"header_name '{header.Name}' is no name for a header: a letter, then letters, digits, '-' and '_', {SamlHeader.LongestName} at most");
            }
            else if (Taken.Contains(header.Folded) || Array.Exists(TakenFamilies, f => header.Folded.StartsWith(f, StringComparison.Ordinal)))
            {
                yield return new Fault(Field, $"header_name '{header.Name}' has a meaning of its own; choose another, such as X-User-Department");
            }
        }
    }
}
