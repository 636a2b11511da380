using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.WebAuthn;

/// <summary>
/// Challenges that need no row until they are answered: each carries its end and a MAC over the run, the stage, the person and the ceremony.
/// So looking at a sign-in page writes nothing, and an answer counts in the run it was made in, for five minutes, once.
/// </summary>
internal sealed class WebAuthnChallenges(GatehouseDb db, ISecretBox box, TimeProvider clock)
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Life = WebAuthnOptions.Life;

    private const int NonceSize = 16;
    private const int HeadSize = NonceSize + 8;

    /// <summary>A fresh challenge, base64url.</summary>
    public string Make(FlowRun run, Stage stage, string type)
    {
        var made = new byte[HeadSize + HMACSHA256.HashSizeInBytes];
        RandomNumberGenerator.Fill(made.AsSpan(0, NonceSize));
        BinaryPrimitives.WriteInt64BigEndian(made.AsSpan(NonceSize), (clock.GetUtcNow() + Life).ToUnixTimeMilliseconds());
        MacOf(made.AsSpan(0, HeadSize), run, stage, type).CopyTo(made.AsSpan(HeadSize));
        return Base64Url.EncodeToString(made);
    }

    /// <summary>Whether it was made here for this, and has not ended.</summary>
    public bool IsOurs(byte[] challenge, FlowRun run, Stage stage, string type) =>
        challenge.Length == HeadSize + HMACSHA256.HashSizeInBytes
        && CryptographicOperations.FixedTimeEquals(MacOf(challenge.AsSpan(0, HeadSize), run, stage, type), challenge.AsSpan(HeadSize))
        && EndOf(challenge) > clock.GetUtcNow();

    /// <summary>Uses it up: true once, on all nodes.</summary>
    public async Task<bool> TrySpendAsync(byte[] challenge, CancellationToken cancellationToken)
    {
        var spent = new SpentChallenge { Id = Convert.ToHexStringLower(SHA256.HashData(challenge)), ExpiresAt = EndOf(challenge) };
        db.SpentChallenges.Add(spent);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            return false;
        }
        finally
        {
            db.Entry(spent).State = EntityState.Detached;
        }
    }

    private static DateTimeOffset EndOf(byte[] challenge) =>
        DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(challenge.AsSpan(NonceSize)));

    private byte[] MacOf(ReadOnlySpan<byte> head, FlowRun run, Stage stage, string type)
    {
        var person = run.State.UserId ?? run.Browser?.User.Id;
        var bound = string.Create(CultureInfo.InvariantCulture, $"{type}\n{run.PlanId}\n{stage.Id}\n{person}\n{Convert.ToHexStringLower(head)}");
        return HMACSHA256.HashData(box.DeriveKey("identity webauthn challenge v1"), Encoding.UTF8.GetBytes(bound));
    }
}
