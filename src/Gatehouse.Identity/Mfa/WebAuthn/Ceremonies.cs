using System.Text.Json;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.WebAuthn;

/// <summary>What a proof must fulfil.</summary>
/// <param name="UserId">Whose it must be; null means anybody's, who is then told by the authenticator.</param>
/// <param name="Verification"><c>required</c>, <c>preferred</c> or <c>discouraged</c>.</param>
/// <param name="Models">Models that may be used; empty means any.</param>
internal sealed record ProofRules(int? UserId, string Verification, IReadOnlyList<string> Models)
{
    /// <summary>Whether the person must be verified by the authenticator.</summary>
    public bool MustVerifyUser => Verification == "required";

    /// <summary>Whether authenticators of the model may be used.</summary>
    public bool Allow(Guid model) => Models.Count == 0 || Models.Contains(model.ToString());
}

/// <summary>What came of a proof.</summary>
internal abstract record ProofResult
{
    private ProofResult()
    {
    }

    /// <summary>It holds.</summary>
    public sealed record Right(WebAuthnDevice Device, User User, bool IsUserVerified) : ProofResult;

    /// <summary>It does not.</summary>
    /// <param name="Reason">For the log.</param>
    /// <param name="Cloned">The device whose counter went back; null for any other fault.</param>
    public sealed record Refused(string Reason, WebAuthnDevice? Cloned = null) : ProofResult;
}

/// <summary>What came of a registration.</summary>
internal abstract record RegistrationResult
{
    private RegistrationResult()
    {
    }

    /// <summary>It holds.</summary>
    public sealed record Made(NewCredential Credential) : RegistrationResult;

    /// <summary>It does not.</summary>
    /// <param name="Reason">For the log.</param>
    public sealed record Refused(string Reason) : RegistrationResult
    {
        /// <summary>For the person; null means nothing more than that it was refused.</summary>
        public string? Advice { get; init; }
    }
}

/// <summary>Judges WebAuthn proofs and registrations against the database.</summary>
internal sealed class Ceremonies(GatehouseDb db, RelyingParty party, WebAuthnChallenges challenges, InstallId install, TimeProvider clock)
{
    /// <summary>The new credential in <paramref name="posted"/>, or the reason to refuse it.</summary>
    public async Task<RegistrationResult> RegisterAsync(
        FlowRun run, Stage stage, JsonElement posted, bool mustVerifyUser, CancellationToken cancellationToken)
    {
        try
        {
            var made = Registration.Read(posted, party, mustVerifyUser);
            if (!challenges.IsOurs(made.Challenge, run, stage, ClientData.Create))
            {
                return new RegistrationResult.Refused("the challenge is not of this run, or too old");
            }

            return await db.WebAuthnDevices.AnyAsync(d => d.CredentialId == made.Id, cancellationToken) ? new RegistrationResult.Refused("the credential is known already")
                : await challenges.TrySpendAsync(made.Challenge, cancellationToken) ? new RegistrationResult.Made(made)
                : new RegistrationResult.Refused("the challenge was answered before");
        }
        catch (MalformedException fault)
        {
            return new RegistrationResult.Refused(fault.Message) { Advice = fault.Advice };
        }
    }

    /// <summary>Whether <paramref name="posted"/> proves somebody.</summary>
    public async Task<ProofResult> ProveAsync(FlowRun run, Stage stage, JsonElement posted, ProofRules rules, CancellationToken cancellationToken)
    {
        try
        {
            var proof = Assertion.Read(posted, party, rules.MustVerifyUser);
            return challenges.IsOurs(proof.Challenge, run, stage, ClientData.Get)
                ? await JudgeAsync(proof, rules, cancellationToken)
                : new ProofResult.Refused("the challenge is not of this run, or too old");
        }
        catch (MalformedException fault)
        {
            return new ProofResult.Refused(fault.Message);
        }
    }

    private async Task<ProofResult> JudgeAsync(Assertion proof, ProofRules rules, CancellationToken cancellationToken)
    {
        var found = await (
            from device in db.WebAuthnDevices.AsNoTracking()
            join user in db.Users.AsNoTracking() on device.UserId equals user.Id
            where device.CredentialId == proof.CredentialId
            select new { device, user }).SingleOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return new ProofResult.Refused("nobody has this credential");
        }

        var handle = UserUid.Of(found.user.Id, await install.GetAsync(cancellationToken));
        var fault = found switch
        {
            _ when rules.UserId is { } id && id != found.user.Id => "the credential is somebody else's",
            _ when (proof.UserHandle is null && rules.UserId is null) || (proof.UserHandle is { } named && named != handle) => "the authenticator names another user, or none",
            _ when !rules.Allow(found.device.Aaguid) => "authenticators of this model are not allowed here",
            _ => proof.FaultAgainst(found.device, party),
        };
        if (fault is not null)
        {
            return new ProofResult.Refused(fault);
        }

        return await challenges.TrySpendAsync(proof.Challenge, cancellationToken)
            ? await UseAsync(proof, found.device, found.user, cancellationToken)
            : new ProofResult.Refused("the challenge was answered before");
    }

    // The counter moves from what was read to what was signed, or somebody else moved it meanwhile.
    private async Task<ProofResult> UseAsync(Assertion proof, WebAuthnDevice device, User user, CancellationToken cancellationToken)
    {
        var (count, isBackedUp, now) = ((long)proof.Data.SignCount, proof.Data.IsBackedUp, clock.GetUtcNow());
        var isMoved = !proof.IsCloned(device) && await db.WebAuthnDevices.Where(d => d.Id == device.Id && d.SignCount == device.SignCount).ExecuteUpdateAsync(
            d => d.SetProperty(x => x.SignCount, count).SetProperty(x => x.IsBackedUp, isBackedUp).SetProperty(x => x.LastUsedAt, now), cancellationToken) == 1;
        return isMoved
            ? new ProofResult.Right(device, user, proof.Data.IsUserVerified)
            : new ProofResult.Refused("the signature counter did not move on: the key may have been copied", device);
    }
}
