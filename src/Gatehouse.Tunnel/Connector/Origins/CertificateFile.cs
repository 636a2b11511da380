using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Reads the certificates of a file that a rule names. Whoever writes rules is not always who runs this machine: devices and pipes, which never end, are not read.</summary>
internal static class CertificateFile
{
    /// <summary>The largest file read, in bytes.</summary>
    public const int Largest = 1024 * 1024;

    /// <summary>Reads them.</summary>
    /// <exception cref="CryptographicException">There are none that can be read; the message says why.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Neither.</exception>
    public static X509Certificate2Collection Read(string path)
    {
        // Looked at before it is opened: opening a pipe waits for a writer. What is no regular file has no length.
        var link = new FileInfo(path);
        var file = link.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? link;
        if (file.Length is 0 or > Largest)
        {
            throw new CryptographicException($"{path} is no regular file of 1 to {Largest} bytes");
        }

        using var stream = file.OpenRead();
        var bytes = new byte[Math.Min(stream.Length, Largest)];
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var found = new X509Certificate2Collection();
        found.ImportFromPem(System.Text.Encoding.UTF8.GetString(bytes, 0, read));
        return found;
    }
}
