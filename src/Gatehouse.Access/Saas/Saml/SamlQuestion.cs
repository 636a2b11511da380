using System.IO.Compression;
using System.Text;
using System.Xml;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Apps;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Saas.Saml;

/// <summary>What a service provider asks of Access (SAML Core §3.4.1), or that somebody comes unasked for.</summary>
internal sealed class SamlQuestion
{
    /// <summary>The most characters of a posted request.</summary>
    public const int LongestPosted = Longest / 3 * 4;

    // More than an AuthnRequest with a signature and its certificate needs, and the most that a deflated one may become.
    private const int Longest = 24 * 1024;
    private const int LongestId = 256;
    private const int LongestRelayState = 1024;

    // Of our own: what is left of a question while the person signs in.
    private const string IdParameter = "InResponseTo";
    private const string RelayStateParameter = "RelayState";
    private const string ForceParameter = "ForceAuthn";
    private const string PassiveParameter = "IsPassive";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Id of the request; null when nobody asked.</summary>
    public string? Id { get; private init; }

    /// <summary>What goes back beside the answer; null means nothing.</summary>
    public string? RelayState { get; private init; }

    /// <summary>Whether the person must prove anew who they are.</summary>
    public bool MustSignIn { get; private init; }

    /// <summary>Whether nobody may be asked anything.</summary>
    public bool IsSilent { get; private init; }

    /// <summary>
    /// Reads a query (SAML Bindings §3.4.4), or what <see cref="TargetAt"/> left of a question; null when it is no question of the application to
    /// <paramref name="endpoint"/>, and then <paramref name="fault"/> says why. A request without a signature is worth as little as such a rest: both
    /// name an id, which only the service provider can tell for one of its own.
    /// </summary>
    public static SamlQuestion? Read(SaasSaml saml, string endpoint, IQueryCollection query, out string fault)
    {
        fault = "a parameter came twice, or RelayState is too long";
        if (query.Any(p => p.Value.Count != 1) || query[RelayStateParameter].ToString().Length > LongestRelayState)
        {
            return null;
        }

        if (query["SAMLRequest"] is [{ } sent])
        {
            fault = "SAMLRequest is no deflated XML of UTF-8, or too long";
            return sent.Length <= Longest && Decode(sent) is { } bytes && Inflate(bytes) is { } text ? Read(saml, endpoint, text, query[RelayStateParameter], out fault) : null;
        }

        // Nobody asked. Where people come out then is the administrator's word, and no link's.
        if (query[IdParameter] is not [{ } id])
        {
            fault = "";
            return new SamlQuestion { RelayState = saml.DefaultRelayState };
        }

        fault = "InResponseTo is no id";
        return !IsId(id) ? null : new SamlQuestion
        {
            Id = id,
            RelayState = query[RelayStateParameter] is [{ Length: > 0 } state] ? state : null,
            MustSignIn = query[ForceParameter] == "true",
            IsSilent = query[PassiveParameter] == "true",
        };
    }

    /// <summary>Reads a form (SAML Bindings §3.5.4), in the same way.</summary>
    public static SamlQuestion? Read(SaasSaml saml, string endpoint, IFormCollection form, out string fault)
    {
        fault = "a field came twice or is missing, or is too long, or SAMLRequest is no XML of UTF-8";
        return form["SAMLRequest"] is [{ Length: <= LongestPosted } sent] && form[RelayStateParameter].Count <= 1 && form[RelayStateParameter].ToString().Length <= LongestRelayState
            && Decode(sent) is { } bytes && Text(bytes) is { } text
                ? Read(saml, endpoint, text, form[RelayStateParameter], out fault)
                : null;
    }

    /// <summary>Path and query at which the same question is asked again: always the same text for it.</summary>
    public string TargetAt(string path)
    {
        var pairs = new List<string>();
        if (Id is not null)
        {
            pairs.Add($"{IdParameter}={Uri.EscapeDataString(Id)}");
            if (RelayState is not null)
            {
                pairs.Add($"{RelayStateParameter}={Uri.EscapeDataString(RelayState)}");
            }

            pairs.AddRange(new[] { MustSignIn ? ForceParameter : null, IsSilent ? PassiveParameter : null }.OfType<string>().Select(p => p + "=true"));
        }

        return pairs.Count == 0 ? path : $"{path}?{string.Join('&', pairs)}";
    }

    private static SamlQuestion? Read(SaasSaml saml, string endpoint, string text, string? relayState, out string fault)
    {
        if (SamlXml.Read(text, out fault)?.DocumentElement is not { } request)
        {
            return null;
        }

        fault = FaultOf(saml, endpoint, request) ?? "";
        return fault.Length > 0 ? null : new SamlQuestion
        {
            Id = request.GetAttribute("ID"),
            RelayState = relayState is { Length: > 0 } ? relayState : null,
            MustSignIn = IsTrue(request, "ForceAuthn"),
            IsSilent = IsTrue(request, "IsPassive"),
        };
    }

    // Answers go to the registered address alone, whatever the request says; one that says another is a mistake, or an attempt, that should show.
    private static string? FaultOf(SaasSaml saml, string endpoint, XmlElement request) =>
        !SamlXml.Is(request, "AuthnRequest", SamlNames.Protocol) || request.GetAttribute("Version") != "2.0" || !IsId(request.GetAttribute("ID")) ? "no AuthnRequest of version 2.0 with an ID"
        : SamlXml.Text(SamlXml.Only(request, "Issuer", SamlNames.Assertion)) != saml.EntityId ? "Issuer is not sp_entity_id"
        : SamlXml.Attribute(request, "Destination") is { Length: > 0 } destination && destination != endpoint ? "Destination is another address"
        : SamlXml.Attribute(request, "AssertionConsumerServiceURL") is { } consumer && consumer != saml.ConsumerServiceUrl ? "AssertionConsumerServiceURL is not consumer_service_url"
        : SamlXml.Attribute(request, "ProtocolBinding") is { } binding && binding != SamlNames.PostBinding ? "ProtocolBinding is not HTTP-POST"
        : !IsBoolean(request, "ForceAuthn") || !IsBoolean(request, "IsPassive") ? "ForceAuthn or IsPassive is neither true nor false"
        : null;

    // What may stand in an InResponseTo: an xs:NCName.
    private static bool IsId(string id)
    {
        try
        {
            return id.Length is > 0 and <= LongestId && XmlConvert.VerifyNCName(id) == id;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    // What can't be read must not count as false: "True" is meant as true.
    private static bool IsBoolean(XmlElement request, string name) => SamlXml.Attribute(request, name) is null or "true" or "1" or "false" or "0";

    private static bool IsTrue(XmlElement request, string name) => request.GetAttribute(name) is "true" or "1";

    private static byte[]? Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    private static string? Inflate(byte[] bytes)
    {
        // A few bytes can become a gigabyte: no more is read than counts.
        var room = new byte[Longest + 1];
        try
        {
            using var inflate = new DeflateStream(new MemoryStream(bytes), CompressionMode.Decompress);
            var length = inflate.ReadAtLeast(room, room.Length, throwOnEndOfStream: false);
            return length > Longest ? null : Text(room.AsSpan(0, length));
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static string? Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
