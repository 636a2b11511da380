using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Authenticators;

/// <summary>Codes that change with time (RFC 6238), with HMAC-SHA-1 and steps of 30 seconds as every authenticator app has them.</summary>
public static class Totp
{
    /// <summary>Bytes of a secret: as many as the hash has (RFC 4226 §4).</summary>
    public const int SecretSize = 20;

    private const int StepSeconds = 30;
    private const int Drift = 1; // one step either way (RFC 6238 §5.2)

    /// <summary>The step at <paramref name="time"/>.</summary>
    public static long StepAt(DateTimeOffset time) => time.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a step.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6238 as apps have it; HMAC does not lean on what SHA-1 lost.")]
    public static string CodeAt(long step, ReadOnlySpan<byte> secret, int digits)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(secret, counter, hash);
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.Slice(hash[^1] & 15, 4)) & int.MaxValue;
        return (number % (int)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <summary>The step whose code was typed: near <paramref name="now"/>, and newer than <paramref name="burnt"/>. Null when it is none's.</summary>
    public static long? StepOf(string code, ReadOnlySpan<byte> secret, int digits, DateTimeOffset now, long burnt)
    {
        var typed = Encoding.UTF8.GetBytes(code);
        long? found = null;
        for (var step = StepAt(now) - Drift; step <= StepAt(now) + Drift; step++)
        {
            // All are compared: the time taken tells nothing about which one matches.
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(CodeAt(step, secret, digits)), typed) && step > burnt)
            {
                found ??= step;
            }
        }

        return found;
    }

    /// <summary>What authenticator apps read (Key URI Format). <paramref name="issuer"/> names this installation.</summary>
    public static string ConfigUrl(string issuer, string username, ReadOnlySpan<byte> secret, int digits)
    {
        var who = Uri.EscapeDataString(issuer);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"otpauth://totp/{who}:{Uri.EscapeDataString(username)}?secret={Base32.Write(secret)}&algorithm=SHA1&digits={digits}&period={StepSeconds}&issuer={who}");
    }
}
