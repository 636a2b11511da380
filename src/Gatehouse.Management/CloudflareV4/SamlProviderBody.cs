using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.LoginMethods;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>The <c>config</c> of an identity provider of type <c>saml</c>.</summary>
internal static class SamlProviderBody
{
    private const int LongestCertificate = 16_384;

    private static readonly string[] Needed = ["issuer_url", "sso_target_url", "idp_public_certs"];

    /// <summary>Reads it.</summary>
    public static LoginMethodDraft Read(string name, BodyFields config)
    {
        foreach (var field in Needed)
        {
            if (!config.TryGet(field, out _))
            {
                config.Refuse(field, $"{field} is a required field");
            }
        }

        // An encrypted assertion hides from everybody who looks for the cause of a refusal, and TLS hides it from all others already.
        config.NotYet("enable_encryption");
        return new LoginMethodDraft
        {
            Name = name,
            Type = LoginMethodTypes.Saml,
            ClientId = "",
            ClientSecret = "",
            AuthUrl = config.Text("sso_target_url", 2048, mayBeBlank: false).Or(""),
            TokenUrl = "",
            CertsUrl = "",
            Issuer = config.Text("issuer_url", 2048, mayBeBlank: false).Or(""),
            Scopes = [],
            Claims = config.Texts("attributes").Or([]),
            EmailClaimName = config.Text("email_attribute_name", 350).Or(""),
            PkceEnabled = false,
            Saml = new SamlSettings
            {
                Certificates = Certificates(config),
                SignRequest = config.Flag("sign_request").Or(false),
                ForceAuthn = config.Flag("force_authn").Or(false),
                Headers = Headers(config),
            },
        };
    }

    /// <summary>Writes it.</summary>
    public static JsonObject Write(LoginMethod method)
    {
        var settings = SamlSettings.Of(method);
        return new JsonObject
        {
            ["issuer_url"] = method.Issuer,
            ["sso_target_url"] = method.AuthUrl,
            ["idp_public_certs"] = JsonList.Of(settings.Certificates),
            ["sign_request"] = settings.SignRequest,
            ["force_authn"] = settings.ForceAuthn,
            ["attributes"] = JsonList.Of(method.Claims),
            ["email_attribute_name"] = method.EmailClaimName,
            ["header_attributes"] = JsonList.Of(settings.Headers, h => new JsonObject { ["attribute_name"] = h.Attribute, ["header_name"] = h.Name }),
        };
    }

    private static List<string> Certificates(BodyFields config)
    {
        var certificates = config.Texts("idp_public_certs").Or([]);
        if (certificates.Exists(c => c.Length > LongestCertificate))
        {
            config.Refuse("idp_public_certs", $"a certificate has at most {LongestCertificate} characters");
            return [];
        }

        return certificates;
    }

    private static List<SamlHeader> Headers(BodyFields config)
    {
        var headers = new List<SamlHeader>();
        foreach (var element in config.Elements("header_attributes").Or([]))
        {
            if (element.ValueKind != System.Text.Json.JsonValueKind.Object)
            {
                config.Refuse("header_attributes", "Expected a list of objects.");
                return [];
            }

            var fields = new BodyFields(element, nullIsAbsent: true);
            if (fields.Text("attribute_name", 350, mayBeBlank: false).Is(out var attribute) && fields.Text("header_name", 350, mayBeBlank: false).Is(out var header))
            {
                headers.Add(new SamlHeader(attribute, header));
            }
            else
            {
                config.Refuse("header_attributes", "header_attributes holds objects of attribute_name and header_name, both strings");
            }
        }

        return headers;
    }
}
