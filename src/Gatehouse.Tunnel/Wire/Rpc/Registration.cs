using System.Net;
using Gatehouse.Tunnel.Wire.Capnp;

namespace Gatehouse.Tunnel.Wire.Rpc;

/// <summary>What a connector says when it registers a connection. A class: it holds the secret.</summary>
internal sealed class Registration
{
    private const int MostFeatures = 64;
    private const int LongestText = 200; // bytes
    private const int LongestSecret = 1024;

    public required string AccountTag { get; init; }

    public required byte[] Secret { get; init; }

    public required Guid TunnelId { get; init; }

    public required byte Index { get; init; }

    public required Guid ConnectorId { get; init; }

    public required IReadOnlyList<string> Features { get; init; }

    public required string Version { get; init; }

    public required string Arch { get; init; }

    /// <summary>Where the connector sees itself; null when it doesn't say.</summary>
    public IPAddress? OriginIp { get; init; }

    public bool ReplaceExisting { get; init; }

    public byte PreviousAttempts { get; init; }

    /// <summary>Reads the parameters of the call.</summary>
    /// <exception cref="InvalidDataException">They can't be read.</exception>
    public static Registration Of(CapnpStruct parameters)
    {
        var auth = parameters.Pointer(0).Struct();
        var options = parameters.Pointer(2).Struct();
        var client = options.Pointer(0).Struct();
        var ip = options.Pointer(1).Data();
        return new Registration
        {
            AccountTag = auth.Pointer(0).Text(LongestText),
            Secret = SecretOf(auth.Pointer(1).Data()),
            TunnelId = Id(parameters.Pointer(1).Data()),
            Index = parameters.U8(0),
            ConnectorId = Id(client.Pointer(0).Data()),
            Features = client.Pointer(1).Texts(MostFeatures, LongestText),
            Version = client.Pointer(2).Text(LongestText),
            Arch = client.Pointer(3).Text(LongestText),
            OriginIp = ip.Length is 4 or 16 ? new IPAddress(ip) : null,
            ReplaceExisting = options.Bit(0),
            PreviousAttempts = options.U8(2),
        };
    }

    /// <summary>Writes the parameters of the call.</summary>
    public void Write(CapnpBuilder to, int content)
    {
        var parameters = to.Struct(content, 1, 3);
        to.U8(parameters, Index);
        var auth = to.Struct(parameters + 8, 0, 2);
        to.Text(auth, AccountTag);
        to.Data(auth + 8, Secret);
        to.Data(parameters + 16, TunnelId.ToByteArray(bigEndian: true));
        var options = to.Struct(parameters + 24, 1, 2);
        to.U8(options, ReplaceExisting ? (byte)1 : (byte)0);
        to.U8(options + 2, PreviousAttempts);
        var client = to.Struct(options + 8, 0, 4);
        to.Data(client, ConnectorId.ToByteArray(bigEndian: true));
        to.Texts(client + 8, Features);
        to.Text(client + 16, Version);
        to.Text(client + 24, Arch);
        to.Data(options + 16, (OriginIp ?? IPAddress.Any).MapToIPv6().GetAddressBytes());
    }

    /// <inheritdoc/>
    public override string ToString() => $"connection {Index} of connector {ConnectorId}";

    private static Guid Id(ReadOnlySpan<byte> bytes) => bytes.Length == 16 ? new Guid(bytes, bigEndian: true) : throw new InvalidDataException("an id that is not 16 bytes");

    private static byte[] SecretOf(ReadOnlySpan<byte> bytes) => bytes.Length <= LongestSecret ? bytes.ToArray() : throw new InvalidDataException($"a secret of over {LongestSecret} bytes");
}

/// <summary>What the edge answers to a registration. A closed set.</summary>
internal abstract record RegistrationAnswer
{
    private const int LongestText = 4096; // bytes

    private RegistrationAnswer()
    {
    }

    /// <summary>Welcome.</summary>
    public sealed record Accepted(Guid Connection, string Location, bool IsRemotelyManaged) : RegistrationAnswer;

    /// <summary>Not now, or not at all.</summary>
    public sealed record Refused(string Cause, TimeSpan RetryAfter, bool ShouldRetry) : RegistrationAnswer;

    /// <summary>Reads the results of the call.</summary>
    /// <exception cref="InvalidDataException">They can't be read.</exception>
    public static RegistrationAnswer Of(CapnpPointer content)
    {
        var response = content.Struct().Pointer(0).Struct();
        var body = response.Pointer(0).Struct();
        if (response.U16(0) == 1)
        {
            var id = body.Pointer(0).Data();
            return id.Length == 16
                ? new Accepted(new Guid(id, bigEndian: true), body.Pointer(1).Text(LongestText), body.Bit(0))
                : throw new InvalidDataException("an id that is not 16 bytes");
        }

        var wait = (long)body.U64(0);
        return new Refused(body.Pointer(0).Text(LongestText), TimeSpan.FromTicks(Math.Clamp(wait / 100, 0, TimeSpan.TicksPerDay)), body.Bit(64));
    }

    /// <summary>Writes the results of the call.</summary>
    public void Write(CapnpBuilder to, int content)
    {
        var results = to.Struct(content, 0, 1);
        var response = to.Struct(results, 1, 1);
        switch (this)
        {
            case Accepted accepted:
                to.U16(response, 1);
                var details = to.Struct(response + 8, 1, 2);
                to.U8(details, accepted.IsRemotelyManaged ? (byte)1 : (byte)0);
                to.Data(details + 8, accepted.Connection.ToByteArray(bigEndian: true));
                to.Text(details + 16, accepted.Location);
                break;
            case Refused refused:
                var error = to.Struct(response + 8, 2, 1);
                to.U64(error, (ulong)(refused.RetryAfter.Ticks * 100));
                to.U8(error + 8, refused.ShouldRetry ? (byte)1 : (byte)0);
                to.Text(error + 16, refused.Cause);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
