using System.Net;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>What came of a password.</summary>
internal abstract record PasswordVerdict
{
    private PasswordVerdict()
    {
    }

    /// <summary>It is the one; the run knows.</summary>
    public sealed record Right : PasswordVerdict;

    /// <summary>It is not, or nobody has that name.</summary>
    public sealed record Wrong : PasswordVerdict;

    /// <summary>Not checked: too many are waiting.</summary>
    public sealed record Busy : PasswordVerdict;

    /// <summary>Not checked: too many wrong ones were sent for this name from there.</summary>
    public sealed record TooSoon(TimeSpan Wait) : PasswordVerdict
    {
        /// <summary>The sentence for the person.</summary>
        public string Advice => $"Too many tries. Wait {Math.Ceiling(Wait.TotalSeconds):0} seconds before the next one.";
    }
}

/// <summary>Checks the password of whoever a run is about, and keeps its hash at today's cost.</summary>
internal sealed class PasswordProof(
    GatehouseDb db, Passwords passwords, Guesses guesses, IReputation reputation, SignInEvents events, TimeProvider clock)
{
    /// <summary>Whether <paramref name="password"/> is that of the run's user, in a way that <paramref name="stage"/> takes. Nobody's takes as long.</summary>
    public async Task<PasswordVerdict> CheckAsync(FlowRun run, Stage stage, string password, CancellationToken cancellationToken)
    {
        var backends = stage.Setting(PasswordSettings.Backends);
        var address = ClientAddress.Of(run.Http);
        var guess = Guess.Of(run.State.Identifier ?? "", address);
        if (guesses.Begin(guess) is { } wait)
        {
            events.LoginFailedFreely(run.Http, run.State.Identifier ?? "", await UserAsync(run, cancellationToken), "password");
            return new PasswordVerdict.TooSoon(wait);
        }

        var id = run.State.UserId;
        var kept = await db.Users.Where(u => u.Id == id).Select(u => u.PasswordHash).SingleOrDefaultAsync(cancellationToken);
        var isToken = backends.Contains(PasswordSettings.Tokens) && await IsAppPasswordAsync(id, password, cancellationToken);
        switch (await passwords.CheckAsync(password, backends.Contains(PasswordSettings.Inbuilt) ? kept : null, address, cancellationToken))
        {
            case PasswordCheck.Right:
                return Accept(run, guess, await RenewAsync(id, kept ?? "", password, address, cancellationToken));
            case PasswordCheck.Wrong when isToken:
                return Accept(run, guess, kept);
            case PasswordCheck.Busy:
                guesses.TakeBack(guess);
                return new PasswordVerdict.Busy();
            default:
                reputation.Note(run.State.Identifier ?? "", address, isSuccess: false);
                events.LoginFailed(run.Http, run.State.Identifier ?? "", await UserAsync(run, cancellationToken), "password");
                return new PasswordVerdict.Wrong();
        }
    }

    /// <summary>Somebody typed a name that nobody has, where the page says so. It counts as a wrong password does: it tells who has none.</summary>
    public void Unknown(FlowRun run)
    {
        var typed = run.State.Identifier ?? "";
        reputation.Note(typed, ClientAddress.Of(run.Http), isSuccess: false);
        events.LoginFailedFreely(run.Http, typed, null, "identification");
    }

    private Task<User?> UserAsync(FlowRun run, CancellationToken cancellationToken)
    {
        var id = run.State.UserId;
        return db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
    }

    private PasswordVerdict.Right Accept(FlowRun run, Guess guess, string? kept)
    {
        guesses.Forget(guess);
        reputation.Note(run.State.Identifier ?? "", ClientAddress.Of(run.Http), isSuccess: true);
        run.State.Amr.Add("pwd");
        run.State.PasswordMark = MarkOf(kept);
        return new PasswordVerdict.Right();
    }

    // Asked for nobody, too: one query more or less would tell who exists.
    private Task<bool> IsAppPasswordAsync(int? userId, string password, CancellationToken cancellationToken)
    {
        var hash = TokenKey.HashOf(password);
        var now = clock.GetUtcNow();
        return db.ApiTokens.AnyAsync(
            t => t.KeyHash == hash && t.UserId == userId && t.Intent == TokenIntent.AppPassword && (t.ExpiresAt == null || t.ExpiresAt > now), cancellationToken);
    }

    /// <summary>Names a kept password without holding it: the mark goes into the row of a run.</summary>
    public static string MarkOf(string? kept) => Oidc.Tokens.Digest.Of(kept ?? "");

    // Unless it was changed in the meantime; the version stays, since nothing changed for anybody.
    private async Task<string> RenewAsync(int? userId, string kept, string password, IPAddress address, CancellationToken cancellationToken) =>
        PasswordHash.IsOutdated(kept) && await passwords.HashAsync(password, address, cancellationToken) is { } made
        && await db.Users.Where(u => u.Id == userId && u.PasswordHash == kept)
            .ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, made), cancellationToken) == 1
            ? made
            : kept;
}
