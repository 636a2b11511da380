using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Asks whether an application may see the person's data, and remembers it as long as the stage says.</summary>
internal sealed class ConsentStage(GatehouseDb db, ISecretBox box, TimeProvider clock) : IStage
{
    private const string Always = "always_require";
    private const string Expiring = "expiring";

    /// <inheritdoc/>
    public StageType Type => StageType.Consent;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (run is not { Authorization: { } asked, Browser: { } browser })
        {
            return new StageStep.Deny("There is nothing to agree to.", "a consent stage outside of an authorization");
        }

        var given = Mode(stage) == Always ? [] : await GivenAsync(browser, asked, cancellationToken);
        var isAnswered = !asked.MustConsent && Mode(stage) != Always && given is not null && asked.Permissions.All(p => given.Contains(p.Scope));
        run.State.HasConsented |= isAnswered;
        return isAnswered ? StageAnswers.Pass : new StageStep.Ask(Challenge(run, asked, given));
    }

    /// <inheritdoc/>
    public async Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (StageAnswers.Missing(asked, answer, "token") is { } missing)
        {
            return missing;
        }

        var expected = ((ConsentChallenge)asked).Token;
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(answer.Text("token") ?? "")))
        {
            return StageAnswers.Fault(asked, "token", "Invalid consent token, re-showing prompt", "invalid");
        }

        // Whoever acts as somebody agrees for this once, not in that person's name for later.
        if (Mode(stage) != Always && run is { Authorization: { } request, Browser: { IsImpersonating: false } browser })
        {
            await KeepAsync(browser, request, stage, cancellationToken);
        }

        run.State.HasConsented = true;
        return StageAnswers.Pass;
    }

    private static string Mode(Stage stage) => stage.Setting(ConsentSettings.Mode);

    private ConsentChallenge Challenge(FlowRun run, PendingAuthorization asked, List<string>? given)
    {
        var known = asked.Permissions.Where(p => given is null || given.Count == 0 || given.Contains(p.Scope));
        return new ConsentChallenge(
            run.PendingUser,
            StageAnswers.Avatar,
            $"You're about to sign into {asked.ApplicationName}.",
            [.. known.Select(Show)],
            [.. asked.Permissions.Except(known).Select(Show)],
            TokenOf(run, asked))
        {
            PolicyUri = asked.PolicyUri,
            TosUri = asked.TosUri,
            ApplicationIcon = asked.Icon,
        };
    }

    private static ConsentPermission Show(ScopePermission permission) => new(permission.Scope, permission.Description);

    // Bound to the run, the person and exactly what was shown: a yes to one question is no yes to another.
    private string TokenOf(FlowRun run, PendingAuthorization asked)
    {
        var subject = $"{run.PlanId}\n{run.Browser?.User.Uuid}\n{asked.ApplicationId}\n{string.Join(' ', asked.Permissions.Select(p => p.Scope).Order(StringComparer.Ordinal))}";
        return Convert.ToHexStringLower(HMACSHA256.HashData(box.DeriveKey("identity consent token v1"), Encoding.UTF8.GetBytes(subject)));
    }

    private async Task<List<string>?> GivenAsync(SignedInBrowser browser, PendingAuthorization asked, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await db.UserConsents
            .Where(c => c.UserId == browser.User.Id && c.ApplicationId == asked.ApplicationId && (c.ExpiresAt == null || c.ExpiresAt > now))
            .Select(c => c.Scopes)
            .SingleOrDefaultAsync(cancellationToken);
    }

    private async Task KeepAsync(SignedInBrowser browser, PendingAuthorization asked, Stage stage, CancellationToken cancellationToken)
    {
        DateTimeOffset? end = Mode(stage) == Expiring ? clock.GetUtcNow() + stage.Setting(ConsentSettings.ExpireIn) : null;
        List<string> scopes = [.. asked.Permissions.Select(p => p.Scope)];
        var fresh = new UserConsent { UserId = browser.User.Id, ApplicationId = asked.ApplicationId, Scopes = scopes, ExpiresAt = end };
        var rows = db.UserConsents.Where(c => c.UserId == fresh.UserId && c.ApplicationId == fresh.ApplicationId);
        if (await UpdateAsync(rows, scopes, end, cancellationToken))
        {
            return;
        }

        db.UserConsents.Add(fresh);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            db.Entry(fresh).State = EntityState.Detached;
            if (!await UpdateAsync(rows, scopes, end, cancellationToken))
            {
                throw; // no twin was first, so it is another trouble
            }
        }
    }

    private static async Task<bool> UpdateAsync(IQueryable<UserConsent> rows, List<string> scopes, DateTimeOffset? end, CancellationToken cancellationToken) =>
        await rows.ExecuteUpdateAsync(c => c.SetProperty(x => x.Scopes, scopes).SetProperty(x => x.ExpiresAt, end), cancellationToken) > 0;
}
