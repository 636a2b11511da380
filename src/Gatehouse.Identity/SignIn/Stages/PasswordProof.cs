using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Bindings;
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
internal sealed class PasswordProof(GatehouseDb db, Passwords passwords, Guesses guesses, IReputation reputation, SignInEvents events)
{
    /// <summary>Whether <paramref name="password"/> is that of the run's user. Nobody's takes as long.</summary>
    public async Task<PasswordVerdict> CheckAsync(FlowRun run, string password, CancellationToken cancellationToken)
    {
        var address = ClientAddress.Of(run.Http);
        var guess = Guess.Of(run.State.Identifier ?? "", address);
        if (guesses.Begin(guess) is { } wait)
        {
            await FailedAsync(run, cancellationToken);
            return new PasswordVerdict.TooSoon(wait);
        }

        var id = run.State.UserId;
        var kept = await db.Users.Where(u => u.Id == id).Select(u => u.PasswordHash).SingleOrDefaultAsync(cancellationToken);
        switch (await passwords.CheckAsync(password, kept, address, cancellationToken))
        {
            case PasswordCheck.Right:
                guesses.Forget(guess);
                reputation.Note(run.State.Identifier ?? "", address, isSuccess: true);
                run.State.Amr.Add("pwd");
                run.State.PasswordMark = MarkOf(await RenewAsync(id, kept ?? "", password, cancellationToken));
                return new PasswordVerdict.Right();
            case PasswordCheck.Busy:
                guesses.TakeBack(guess);
                return new PasswordVerdict.Busy();
            default:
                reputation.Note(run.State.Identifier ?? "", address, isSuccess: false);
                await FailedAsync(run, cancellationToken);
                return new PasswordVerdict.Wrong();
        }
    }

    private async Task FailedAsync(FlowRun run, CancellationToken cancellationToken)
    {
        var id = run.State.UserId;
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        events.LoginFailed(run.Http, run.State.Identifier ?? "", user, "password");
    }

    /// <summary>Names a kept password without holding it: the mark goes into the row of a run.</summary>
    public static string MarkOf(string? kept) => Oidc.Tokens.Digest.Of(kept ?? "");

    // Unless it was changed in the meantime; the version stays, since nothing changed for anybody.
    private async Task<string> RenewAsync(int? userId, string kept, string password, CancellationToken cancellationToken) =>
        PasswordHash.IsOutdated(kept) && await passwords.HashAsync(password, cancellationToken) is { } made
        && await db.Users.Where(u => u.Id == userId && u.PasswordHash == kept)
            .ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, made), cancellationToken) == 1
            ? made
            : kept;
}
