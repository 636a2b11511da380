using System.Security.Cryptography;

namespace Gatehouse.Tests.Fakes;

/// <summary>RSA keys made once: making one takes longer than most tests. Not to be disposed.</summary>
internal static class TestKeys
{
    private static readonly Lazy<RSA>[] Keys = [.. Enumerable.Range(0, 5).Select(_ => new Lazy<RSA>(() => RSA.Create(2048)))];

    /// <summary>Signs Access's tokens.</summary>
    public static RSA Current => Keys[0].Value;

    /// <summary>Signed them before.</summary>
    public static RSA Previous => Keys[1].Value;

    /// <summary>The provider's.</summary>
    public static RSA Provider => Keys[2].Value;

    /// <summary>The provider's next one.</summary>
    public static RSA Next => Keys[3].Value;

    /// <summary>Nobody's.</summary>
    public static RSA Foreign => Keys[4].Value;
}
