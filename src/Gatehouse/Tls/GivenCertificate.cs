using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Tls;

/// <summary>The operator's certificate, read again when its files change.</summary>
internal sealed partial class GivenCertificate : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly string certificateFile;
    private readonly string keyFile;
    private readonly TimeProvider clock;
    private readonly ILogger<GivenCertificate> logger;
    private volatile Loaded current;
    private (DateTime, long, DateTime, long) stamp;

    /// <summary>Reads both files.</summary>
    /// <exception cref="CryptographicException">They hold no certificate, or no key that belongs to it.</exception>
    /// <exception cref="IOException">They can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Neither.</exception>
    public GivenCertificate(string certificateFile, string keyFile, TimeProvider clock, ILogger<GivenCertificate> logger)
    {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.clock = clock;
        this.logger = logger;
        stamp = Stamp();
        current = Load();
    }

    /// <summary>What handshakes use.</summary>
    public SslStreamCertificateContext Context => current.Context;

    /// <summary>Whether <paramref name="certificate"/> is the one in use.</summary>
    public bool Is(X509Certificate2 certificate) => current.Leaf.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span);

    /// <summary>Reads the files again if they changed. A fault keeps the certificate in use.</summary>
    public void Refresh()
    {
        try
        {
            var seen = Stamp();
            if (seen != stamp)
            {
                current = Load(); // connections hold the one before: it is left to the collector
                stamp = seen;
                LogLoaded(current.Leaf.NotAfter);
            }
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogKept(certificateFile, fault.Message);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Refresh();
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The leaf lives as long as connections that use it.")]
    private Loaded Load()
    {
        var leaf = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return new Loaded(leaf, SslStreamCertificateContext.Create(leaf, chain, offline: true));
    }

    private (DateTime, long, DateTime, long) Stamp()
    {
        var certificate = new FileInfo(certificateFile);
        var key = new FileInfo(keyFile);
        return (certificate.LastWriteTimeUtc, certificate.Length, key.LastWriteTimeUtc, key.Length);
    }

    [LoggerMessage(EventId = 1202, Level = LogLevel.Information, Message = "The certificate given was read again; it ends on {End}")]
    private partial void LogLoaded(DateTime end);

    [LoggerMessage(EventId = 1203, Level = LogLevel.Warning, Message = "{File} changed and can't be used ({Reason}); the certificate before it stays in use")]
    private partial void LogKept(string file, string reason);

    private sealed record Loaded(X509Certificate2 Leaf, SslStreamCertificateContext Context);
}
