using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary>The CA that a client verb trusts beside the system's: one that is named, or the one of an installation in the current folder. Whoever can write that file can pose as any host, so it counts only when nobody else can.</summary>
internal static class LocalCa
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const int Here = -100; // AT_FDCWD
    private const int BasicStats = 0x7ff;
    private const int OwnerAt = 20; // in struct statx

    /// <summary>The file to read; null when there is none that may be trusted. Why the one that is there is not goes to <paramref name="error"/>.</summary>
    public static string? FileOf(string? named, string folder, TextWriter error)
    {
        if (named is not null)
        {
            return named;
        }

        var local = Path.Combine(folder, "ca.pem");
        if (!File.Exists(local))
        {
            return null;
        }

        foreach (var path in (string[])[folder, local])
        {
            if (Fault(path) is { } fault)
            {
                error.WriteLine($"gatehouse: {LogText.Escape(local)} is not trusted: {LogText.Escape(path)} {fault}. Name it with --ca if it is yours");
                return null;
            }
        }

        return local;
    }

    /// <summary>The certificates of a file; null without one. What is wrong with it goes to <paramref name="faults"/>.</summary>
    public static X509Certificate2Collection? Read(string? file, List<string> faults)
    {
        if (file is null)
        {
            return null;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            if (authorities.Count == 0 || authorities.Any(c => !c.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority)))
            {
                faults.Add($"'{LogText.Escape(file)}' holds no certificate, or one that is no authority's; expected the ca.pem of an installation");
            }

            return authorities;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            faults.Add($"'{LogText.Escape(file)}' can't be read as certificates: {LogText.Escape(fault.Message)}");
            return null;
        }
    }

    private static string? Fault(string path) =>
        !OperatingSystem.IsLinux() ? "can't be checked on this system"
        : (File.GetUnixFileMode(path) & OthersWrite) != 0 ? "can be written by others"
        : OwnerOf(path) is not { } owner || (owner != 0 && owner != EffectiveUser()) ? "belongs to somebody else"
        : null;

    private static uint? OwnerOf(string path)
    {
        var facts = new byte[256];
        return Stat(Here, Encoding.UTF8.GetBytes(path + "\0"), 0, BasicStats, facts) == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(facts.AsSpan(OwnerAt)) : null;
    }

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUser();

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Stat(int folder, byte[] path, int flags, uint mask, byte[] facts);
}
