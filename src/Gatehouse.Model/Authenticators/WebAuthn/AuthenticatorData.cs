using System.Buffers.Binary;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>A credential as an authenticator made it.</summary>
public sealed record AttestedCredential(Guid Aaguid, byte[] Id, byte[] PublicKey);

/// <summary>What an authenticator says and signs (WebAuthn §6.1).</summary>
public sealed class AuthenticatorData
{
    private const int FixedSize = 37;
    private const int LongestId = 1023;
    private readonly byte flags;

    private AuthenticatorData(byte[] bytes, byte flags, AttestedCredential? credential)
    {
        Bytes = bytes;
        this.flags = flags;
        Credential = credential;
    }

    /// <summary>As sent: the signature is over them.</summary>
    public byte[] Bytes { get; }

    /// <summary>SHA-256 of the host the credential is for.</summary>
    public ReadOnlySpan<byte> RpIdHash => Bytes.AsSpan(0, 32);

    /// <summary>UP: somebody touched it.</summary>
    public bool IsUserPresent => (flags & 0x01) != 0;

    /// <summary>UV: it knows who.</summary>
    public bool IsUserVerified => (flags & 0x04) != 0;

    /// <summary>BE: the credential can be copied.</summary>
    public bool IsBackupEligible => (flags & 0x08) != 0;

    /// <summary>BS: it has been.</summary>
    public bool IsBackedUp => (flags & 0x10) != 0;

    /// <summary>The signature counter.</summary>
    public uint SignCount => BinaryPrimitives.ReadUInt32BigEndian(Bytes.AsSpan(33, 4));

    /// <summary>The new credential; null in an assertion.</summary>
    public AttestedCredential? Credential { get; }

    /// <summary>Reads it; nothing may be left over.</summary>
    public static AuthenticatorData Read(byte[] bytes)
    {
        if (bytes.Length < FixedSize)
        {
            throw new MalformedException("authenticator data is cut short");
        }

        var flags = bytes[32];
        var at = FixedSize;
        var credential = (flags & 0x40) != 0 ? ReadCredential(bytes, ref at) : null;
        if ((flags & 0x80) != 0)
        {
            var extensions = new Cbor(bytes.AsSpan(at));
            extensions.ReadMap();
            at += extensions.Position;
        }

        return at == bytes.Length ? new AuthenticatorData(bytes, flags, credential) : throw new MalformedException("authenticator data has bytes left over");
    }

    private static AttestedCredential ReadCredential(byte[] bytes, ref int at)
    {
        if (bytes.Length < at + 18)
        {
            throw new MalformedException("the credential is cut short");
        }

        var aaguid = new Guid(bytes.AsSpan(at, 16), bigEndian: true);
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 16, 2));
        at += 18;
        if (length is 0 or > LongestId || bytes.Length < at + length)
        {
            throw new MalformedException("the credential id is empty, over 1,023 bytes, or cut short");
        }

        var id = bytes.AsSpan(at, length).ToArray();
        at += length;
        var key = new Cbor(bytes.AsSpan(at));
        CoseKey.Of(key.ReadMap());
        var publicKey = bytes.AsSpan(at, key.Position).ToArray();
        at += key.Position;
        return new AttestedCredential(aaguid, id, publicKey);
    }
}
