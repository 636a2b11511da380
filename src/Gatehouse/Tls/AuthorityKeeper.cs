using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tls;

/// <summary>Keeps the local CA in the database, sealed, so that every node of an installation issues under the same one.</summary>
internal sealed partial class AuthorityKeeper(
    IDbContextFactory<GatehouseDb> databases, ISecretBox box, TimeProvider clock, ILogger<AuthorityKeeper> logger)
{
    private LocalAuthority? opened;

    /// <summary>The authority, once <see cref="OpenAsync"/> has returned.</summary>
    public LocalAuthority Opened => opened ?? throw new InvalidOperationException("the local CA has not been opened yet");

    /// <summary>Opens the authority of this installation; the first call ever makes it.</summary>
    /// <exception cref="CryptographicException">The row was sealed with another key, or was changed.</exception>
    public async Task<LocalAuthority> OpenAsync(CancellationToken cancellationToken) => opened = await FindOrMakeAsync(cancellationToken);

    /// <summary>Writes the certificate for people to trust, whole or not at all.</summary>
    public static async Task WriteCertificateAsync(LocalAuthority authority, string path, CancellationToken cancellationToken)
    {
        var unfinished = path + ".new";
        await File.WriteAllTextAsync(unfinished, authority.CertificatePem, cancellationToken);
        File.Move(unfinished, path, overwrite: true);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The authority in use lives as long as the process; the container disposes it.")]
    private async Task<LocalAuthority> FindOrMakeAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.SealedSecrets.FindAsync([SettingNames.LocalCa], cancellationToken);
        if (row is not null && Unseal(row) is var kept)
        {
            if (kept.Certificate.NotAfter - LocalAuthority.LeafLife > clock.GetUtcNow())
            {
                return kept;
            }

            LogReplaced(kept.Certificate.NotAfter);
            kept.Dispose();
        }

        var made = LocalAuthority.Create(clock.GetUtcNow());
        var sealedBytes = box.Seal(Encoding.UTF8.GetBytes(made.Export()), SecretPurposes.LocalCa);
        if (row is null)
        {
            db.SealedSecrets.Add(new SealedSecret { Name = SettingNames.LocalCa, Sealed = sealedBytes });
        }
        else
        {
            row.Sealed = sealedBytes;
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return made;
        }
        catch (DbUpdateException) when (row is null)
        {
            // Another node was first: its authority is the one.
            made.Dispose();
            db.ChangeTracker.Clear();
            return Unseal(await db.SealedSecrets.SingleAsync(s => s.Name == SettingNames.LocalCa, cancellationToken));
        }
    }

    private LocalAuthority Unseal(SealedSecret row) =>
        box.Open(row.Sealed, SecretPurposes.LocalCa) is { } pem
            ? LocalAuthority.Import(Encoding.UTF8.GetString(pem))
            : throw new CryptographicException("the local CA in the database can't be opened with the root key of this data folder");

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "The local CA ends on {End}; a new one was made. Clients must trust the new ca.pem")]
    private partial void LogReplaced(DateTime end);
}
