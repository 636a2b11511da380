using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Model.Keys;

namespace Gatehouse.Access.Agents;

/// <summary>A program that registered itself. Its client id is this, sealed: registering costs the house no row.</summary>
internal sealed class AgentClient
{
    public required string Name { get; init; }

    public required List<string> RedirectUris { get; init; }

    /// <summary>SHA-256 of its secret, hex; null for a client without one.</summary>
    public string? SecretHash { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The apps that took clients of this kind then, packed: so that it may go on with them when they take no new ones.</summary>
    public string Apps { get; init; } = "";
}

/// <summary>Names of apps in a few bytes each, since a client's id travels in URLs.</summary>
internal static class PackedApps
{
    private const int Bytes = 4;
    private const int Most = 250;

    /// <summary>Packs them. Of more than fit, the others have to take new clients to be asked for.</summary>
    public static string Of(IEnumerable<string> auds)
    {
        var packed = new List<byte>();
        foreach (var aud in auds.Order(StringComparer.Ordinal).Take(Most))
        {
            packed.AddRange(Convert.FromHexString(aud.AsSpan(0, Bytes * 2)));
        }

        return Base64Url.EncodeToString([.. packed]);
    }

    /// <summary>Whether an app is among them.</summary>
    public static bool Has(string apps, string aud)
    {
        var packed = Base64Url.DecodeFromChars(apps);
        var wanted = Convert.FromHexString(aud.AsSpan(0, Bytes * 2));
        for (var at = 0; at + Bytes <= packed.Length; at += Bytes)
        {
            if (packed.AsSpan(at, Bytes).SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What a program asks for, checked, on its way through the browser of a person.</summary>
internal sealed class AgentRequest
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    public required string Aud { get; init; }

    public required string Host { get; init; }

    public required string ClientName { get; init; }

    /// <summary>SHA-256 of the client id; empty for our own command line.</summary>
    public required string ClientHash { get; init; }

    /// <summary>Where the answer goes; empty means that the person carries it over.</summary>
    public required string RedirectUri { get; init; }

    public string? State { get; init; }

    /// <summary>S256 (RFC 7636).</summary>
    public required string Challenge { get; init; }

    /// <summary>The session that was asked; null until somebody is.</summary>
    public string? SessionNonce { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    [JsonIgnore]
    public DateTimeOffset BegunAt => ExpiresAt - Life;

    public AgentRequest Asking(string nonce) => new()
    {
        Aud = Aud,
        Host = Host,
        ClientName = ClientName,
        ClientHash = ClientHash,
        RedirectUri = RedirectUri,
        State = State,
        Challenge = Challenge,
        SessionNonce = nonce,
        ExpiresAt = ExpiresAt,
    };
}

/// <summary>What a person granted: a code when it has a challenge, a refresh token when not. Good for one use.</summary>
internal sealed class AgentGrant
{
    public required string Id { get; init; }

    /// <summary>The session that was made for the program.</summary>
    public required string SessionNonce { get; init; }

    public required string Aud { get; init; }

    public required string Host { get; init; }

    public required string ClientHash { get; init; }

    /// <summary>That of the application's tokens when it was granted: when all of them are ended, this is.</summary>
    public required int Epoch { get; init; }

    public string RedirectUri { get; init; } = "";

    public string? Challenge { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Seals what programs and browsers carry, so that nothing of it is stored.</summary>
internal sealed class AgentStates(ISecretBox box, TimeProvider clock)
{
    private const string ClientPurpose = "access agent client v1";
    private const string RequestPurpose = "access agent request v1";
    private const string TicketPurpose = "access agent ticket v1";
    private const string CodePurpose = "access agent code v1";
    private const string RefreshPurpose = "access agent refresh v1";
    private const int Longest = 8192;

    public string Seal(AgentClient client) => Seal(client, AgentJson.Default.AgentClient, ClientPurpose);

    public AgentClient? OpenClient(string text) => Open(text, AgentJson.Default.AgentClient, ClientPurpose);

    public string SealRequest(AgentRequest request) => Seal(request, AgentJson.Default.AgentRequest, RequestPurpose);

    public AgentRequest? OpenRequest(string text) => Open(text, AgentJson.Default.AgentRequest, RequestPurpose) is { } request && request.ExpiresAt > clock.GetUtcNow() ? request : null;

    public string SealTicket(AgentRequest asked) => Seal(asked, AgentJson.Default.AgentRequest, TicketPurpose);

    public AgentRequest? OpenTicket(string text) => Open(text, AgentJson.Default.AgentRequest, TicketPurpose) is { } asked && asked.ExpiresAt > clock.GetUtcNow() ? asked : null;

    public string SealCode(AgentGrant code) => Seal(code, AgentJson.Default.AgentGrant, CodePurpose);

    public AgentGrant? OpenCode(string text) => OpenGrant(text, CodePurpose);

    public string SealRefresh(AgentGrant grant) => Seal(grant, AgentJson.Default.AgentGrant, RefreshPurpose);

    public AgentGrant? OpenRefresh(string text) => OpenGrant(text, RefreshPurpose);

    /// <summary>SHA-256 of a client id or secret, hex.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The one-time id of a grant.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    private AgentGrant? OpenGrant(string text, string purpose) => Open(text, AgentJson.Default.AgentGrant, purpose) is { } grant && grant.ExpiresAt > clock.GetUtcNow() ? grant : null;

    private string Seal<T>(T value, JsonTypeInfo<T> shape, string purpose) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(value, shape), purpose));

    private T? Open<T>(string text, JsonTypeInfo<T> shape, string purpose)
        where T : class =>
        text.Length is > 0 and <= Longest && Base64Url.IsValid(text) && box.Open(Base64Url.DecodeFromChars(text), purpose) is { } plain
            ? JsonSerializer.Deserialize(plain, shape)
            : null;
}

[JsonSerializable(typeof(AgentClient))]
[JsonSerializable(typeof(AgentRequest))]
[JsonSerializable(typeof(AgentGrant))]
internal sealed partial class AgentJson : JsonSerializerContext;
