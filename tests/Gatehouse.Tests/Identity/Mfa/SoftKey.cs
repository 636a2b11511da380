using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>A security key in software, with every lie a test needs.</summary>
internal sealed class SoftKey : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA rsa = RSA.Create(2048);

    public byte[] Id { get; set; } = RandomNumberGenerator.GetBytes(32);

    public Guid Aaguid { get; set; }

    public string Origin { get; set; } = "https://auth.gh.test";

    public string RpId { get; set; } = "auth.gh.test";

    public string? CreateType { get; set; }

    public string? ProofType { get; set; }

    public string Format { get; set; } = "none";

    /// <summary>Present and verified.</summary>
    public byte Flags { get; set; } = 0x05;

    public uint Count { get; set; }

    /// <summary>COSE algorithm that it makes a key of.</summary>
    public int Algorithm { get; set; } = -7;

    public bool CrossOrigin { get; set; }

    /// <summary>What it names the user; set at registration.</summary>
    public string? UserHandle { get; set; }

    public bool HidesUser { get; set; }

    public bool SignsWrong { get; set; }

    /// <summary>Answers <c>navigator.credentials.create</c>.</summary>
    public JsonObject Create(JsonElement options, string? challenge = null)
    {
        UserHandle = options.GetProperty("user").GetProperty("id").GetString();
        var data = Data((byte)(Flags | 0x40), [.. Aaguid.ToByteArray(bigEndian: true), .. BigEndian((ushort)Id.Length), .. Id, .. Cose()]);
        var client = Client(CreateType ?? "webauthn.create", challenge ?? options.GetProperty("challenge").GetString());
        byte[] statement = Format == "packed" ? [0xA2, .. Text("alg"), 0x26, .. Text("sig"), .. Bytes(Sign([.. data, .. SHA256.HashData(client)]))] : [0xA0];
        byte[] attestation = [0xA3, .. Text("fmt"), .. Text(Format), .. Text("attStmt"), .. statement, .. Text("authData"), .. Bytes(data)];
        return Posted(new JsonObject { ["clientDataJSON"] = Base64Url.EncodeToString(client), ["attestationObject"] = Base64Url.EncodeToString(attestation), ["transports"] = new JsonArray("usb", "nonsense") });
    }

    /// <summary>Answers <c>navigator.credentials.get</c>.</summary>
    public JsonObject Get(JsonElement options, string? challenge = null)
    {
        Count++;
        var data = Data(Flags, []);
        var client = Client(ProofType ?? "webauthn.get", challenge ?? options.GetProperty("challenge").GetString());
        var response = new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(client),
            ["authenticatorData"] = Base64Url.EncodeToString(data),
            ["signature"] = Base64Url.EncodeToString(Sign([.. data, .. SHA256.HashData(client), .. SignsWrong ? [(byte)1] : Array.Empty<byte>()])),
        };
        if (!HidesUser)
        {
            response["userHandle"] = UserHandle;
        }

        return Posted(response);
    }

    public void Dispose()
    {
        key.Dispose();
        rsa.Dispose();
    }

    private JsonObject Posted(JsonObject response)
    {
        var id = Base64Url.EncodeToString(Id);
        return new JsonObject { ["id"] = id, ["rawId"] = id, ["type"] = "public-key", ["response"] = response };
    }

    private byte[] Client(string type, string? challenge) =>
        JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?> { ["type"] = type, ["challenge"] = challenge, ["origin"] = Origin, ["crossOrigin"] = CrossOrigin });

    private byte[] Data(byte flags, byte[] rest)
    {
        var count = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, Count);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(RpId)), flags, .. count, .. rest];
    }

    private byte[] Sign(byte[] data) => Algorithm == -257
        ? rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    private byte[] Cose()
    {
        if (Algorithm == -257)
        {
            var open = rsa.ExportParameters(false);
            return [0xA4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, .. Bytes(open.Modulus!), 0x21, .. Bytes(open.Exponent!)]; // an RSA key has both
        }

        if (Algorithm == -8)
        {
            return [0xA4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, .. Bytes(new byte[32])]; // OKP, Ed25519
        }

        var point = key.ExportParameters(false).Q;
        byte[] algorithm = Algorithm == -7 ? [0x26] : [0x38, (byte)(-1 - Algorithm)];
        return [0xA5, 0x01, 0x02, 0x03, .. algorithm, 0x20, 0x01, 0x21, .. Bytes(point.X!), 0x22, .. Bytes(point.Y!)]; // an EC key has both
    }

    private static byte[] BigEndian(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Text(string text) => [(byte)(0x60 | text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Bytes(byte[] bytes) => [0x59, .. BigEndian((ushort)bytes.Length), .. bytes];
}
