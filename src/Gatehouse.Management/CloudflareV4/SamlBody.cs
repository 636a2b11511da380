using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Management.CloudflareV4;

/// <summary><c>saas_app</c> of an application by SAML (contract §3.4).</summary>
internal static class SamlBody
{
    private const int MostEntries = 100;
    private const int LongestName = 350;

    private static readonly string[] NameFormats =
    [
        "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
        "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
    ];

    public static SaasSaml Read(BodyFields fields)
    {
        fields.NotYet("name_id_transform_jsonata", "saml_attribute_transform_jsonata");
        fields.Require("consumer_service_url", "sp_entity_id");
        var saml = new SaasSaml
        {
            ConsumerServiceUrl = fields.Text("consumer_service_url", 2048, mayBeBlank: false).Or(""),
            EntityId = fields.Text("sp_entity_id", 1024, mayBeBlank: false).Or(""),
            NameIdFormat = ReadNameId(fields),
            Attributes = ReadAttributes(fields),
            DefaultRelayState = fields.Text("default_relay_state", 2048).Or("") is { Length: > 0 } state ? state : null,
        };
        if (fields.Faults.Count == 0 && !AgentRedirects.IsSafe(saml.ConsumerServiceUrl))
        {
            fields.Refuse("consumer_service_url", "consumer_service_url must be an https URL, or an http one of this machine, without fragment");
        }

        return saml;
    }

    public static JsonObject Of(SaasSaml saml, string id, PublicUrls urls)
    {
        var endpoint = $"{urls.Access}/cdn-cgi/access/sso/saml/{id}";
        var body = new JsonObject
        {
            ["auth_type"] = "saml",
            ["consumer_service_url"] = saml.ConsumerServiceUrl,
            ["sp_entity_id"] = saml.EntityId,
            ["idp_entity_id"] = endpoint,
            ["sso_endpoint"] = endpoint,
            ["name_id_format"] = saml.NameIdFormat == SaasNameId.Id ? "id" : "email",
            ["custom_attributes"] = JsonList.Of(saml.Attributes, Of),
        };
        if (saml.DefaultRelayState is not null)
        {
            body["default_relay_state"] = saml.DefaultRelayState;
        }

        return body;
    }

    private static SaasNameId ReadNameId(BodyFields fields)
    {
        var text = fields.Text("name_id_format", 10).Or("email");
        if (text is not ("id" or "email"))
        {
            fields.Refuse("name_id_format", "name_id_format is id or email");
        }

        return text == "id" ? SaasNameId.Id : SaasNameId.Email;
    }

    private static List<SaasField> ReadAttributes(BodyFields fields)
    {
        var attributes = new List<SaasField>();
        foreach (var (index, element) in fields.Elements("custom_attributes").Or([]).Index())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                fields.Refuse($"custom_attributes.{index}", "a custom attribute is an object {name, source}");
                continue;
            }

            var read = new BodyFields(element, nullIsAbsent: true, $"saas_app.custom_attributes.{index}.");
            var (name, friendly) = (read.Require("name").Text("name", LongestName, mayBeBlank: false).Or(""), read.Text("friendly_name", LongestName).Or(""));
            var (format, required) = (read.Text("name_format", 100).Or(NameFormats[0]), read.Flag("required").Or(false));
            if (!NameFormats.Contains(format))
            {
                read.Refuse("name_format", $"name_format is one of {string.Join(", ", NameFormats)}");
            }

            if (SaasBody.ReadSource(read, isList: true) is { } source && read.Faults.Count == 0)
            {
                attributes.Add(new SaasField { Name = name, FriendlyName = friendly.Length > 0 ? friendly : null, NameFormat = format, IsRequired = required, Source = source });
            }

            fields.Faults.AddRange(read.Faults);
        }

        if (attributes.Count > MostEntries || attributes.DistinctBy(a => a.Name).Count() != attributes.Count)
        {
            fields.Refuse("custom_attributes", $"custom_attributes holds up to {MostEntries} attributes, each name once");
        }

        return attributes;
    }

    private static JsonObject Of(SaasField attribute)
    {
        var source = new JsonObject { ["name"] = attribute.Source.Name };
        if (attribute.Source.NameByLoginMethod.Count > 0)
        {
            source["name_by_idp"] = JsonList.Of(attribute.Source.NameByLoginMethod, n => new JsonObject { ["idp_id"] = n.Key.ToString(), ["source_name"] = n.Value });
        }

        var body = new JsonObject { ["name"] = attribute.Name, ["name_format"] = attribute.NameFormat, ["required"] = attribute.IsRequired, ["source"] = source };
        if (attribute.FriendlyName is not null)
        {
            body["friendly_name"] = attribute.FriendlyName;
        }

        return body;
    }
}
