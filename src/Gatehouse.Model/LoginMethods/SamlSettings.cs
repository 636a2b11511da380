using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Model.LoginMethods;

/// <summary>What a login method by SAML is set to besides its names and URLs. Kept in <see cref="LoginMethod.PresetJson"/>.</summary>
public sealed class SamlSettings
{
    /// <summary>The provider's certificates as they were given; see <see cref="SamlCertificate"/>. Their keys, and no others, sign for it.</summary>
    [JsonPropertyName("idp_public_certs")]
    public IReadOnlyList<string> Certificates { get; init; } = [];

    /// <summary>Whether requests to the provider are signed with Access's key.</summary>
    [JsonPropertyName("sign_request")]
    public bool SignRequest { get; init; }

    /// <summary>Whether the provider is always asked not to be content with a session it has.</summary>
    [JsonPropertyName("force_authn")]
    public bool ForceAuthn { get; init; }

    /// <summary>Attributes that origins hear in headers.</summary>
    [JsonPropertyName("header_attributes")]
    public IReadOnlyList<SamlHeader> Headers { get; init; } = [];

    /// <summary>The settings of <paramref name="method"/>.</summary>
    public static SamlSettings Of(LoginMethod method) => JsonSerializer.Deserialize(method.PresetJson, SamlJson.Default.SamlSettings) ?? new SamlSettings();

    /// <summary>As they are kept.</summary>
    public string Write() => JsonSerializer.Serialize(this, SamlJson.Default.SamlSettings);
}

/// <summary>An attribute that origins hear in a header.</summary>
/// <param name="Attribute">The attribute's name in assertions.</param>
/// <param name="Name">The header's name.</param>
public sealed record SamlHeader(
    [property: JsonPropertyName("attribute_name")] string Attribute,
    [property: JsonPropertyName("header_name")] string Name)
{
    /// <summary>Longer names are refused.</summary>
    public const int LongestName = 64;

    /// <summary>The name in the one spelling that CGI, WSGI and careless frameworks fold all others into.</summary>
    [JsonIgnore]
    public string Folded => string.Concat(Name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
}

[JsonSerializable(typeof(SamlSettings))]
internal sealed partial class SamlJson : JsonSerializerContext;
