using Gatehouse.Identity.Pages.Account;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Model.Bindings;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>Changes of one's own password. The old one is asked for, and guessing it gets as slow here as at sign-in.</summary>
internal sealed class OwnPassword(
    GatehouseDb db, Passwords passwords, Guesses guesses, IReputation reputation, IPasswordRules rules, WriteUser write, SignInEvents events, TimeProvider clock)
{
    // Who has no password yet has proved otherwise who they are, and that must not be long ago.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(15);

    /// <summary>Saves a form.</summary>
    public async Task<FormResult> ChangeAsync(HttpContext context, SignedInBrowser browser, IFormCollection form, CancellationToken cancellationToken)
    {
        var user = browser.User;
        var chosen = form["new"].ToString();
        if (PasswordRule.Fault(chosen, user.Username, user.Email) is { } fault)
        {
            return FormResult.Wrong("new", fault);
        }

        if (form["repeat"] != chosen)
        {
            return FormResult.Wrong("repeat", "The two passwords differ.");
        }

        if (await CheckAsync(context, browser, form["current"].ToString(), cancellationToken) is { } refused)
        {
            return refused;
        }

        if (await rules.FaultsAsync(new NewPassword(chosen) { UserId = user.Id, Words = [user.Username, user.Name, user.Email] }, cancellationToken) is { Count: > 0 } broken)
        {
            return FormResult.Wrong("new", string.Join(' ', broken));
        }

        if (await passwords.HashAsync(chosen, ClientAddress.Of(context), cancellationToken) is not { } hash)
        {
            return new FormResult { IsBusy = true };
        }

        return await TrySaveAsync(context, browser, hash, cancellationToken)
            ? new FormResult { Done = "password" }
            : FormResult.Wrong("current", "Your account was changed at the same time. Try again.");
    }

    private async Task<FormResult?> CheckAsync(HttpContext context, SignedInBrowser browser, string current, CancellationToken cancellationToken)
    {
        if (browser.User.PasswordHash is not { } kept)
        {
            return clock.GetUtcNow() - browser.Session.AuthenticatedAt > Recent ? FormResult.Wrong("new", "Sign out and in again first: that was a while ago.") : null;
        }

        var address = ClientAddress.Of(context);
        var guess = Guess.Of(browser.User.Username, address);
        if (guesses.Begin(guess) is { } wait)
        {
            events.LoginFailedFreely(context, browser.User.Username, browser.User, "password");
            return FormResult.Wrong("current", $"Too many tries. Wait {Math.Ceiling(wait.TotalSeconds):0} seconds before the next one.");
        }

        switch (await passwords.CheckAsync(current, kept, address, cancellationToken))
        {
            case PasswordCheck.Right:
                guesses.Forget(guess);
                return null;
            case PasswordCheck.Busy:
                guesses.TakeBack(guess);
                return new FormResult { IsBusy = true };
            default:
                reputation.Note(browser.User.Username, address, isSuccess: false);
                events.LoginFailed(context, browser.User.Username, browser.User, "password");
                return FormResult.Wrong("current", "This is not your current password.");
        }
    }

    // Only while the checked password still is the one; then all that it opened ends, but for this browser.
    private async Task<bool> TrySaveAsync(HttpContext context, SignedInBrowser browser, string hash, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var kept = browser.User.PasswordHash;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var changed = await db.Users.Where(u => u.Id == browser.User.Id && u.IsActive && u.PasswordHash == kept).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.PasswordHash, hash).SetProperty(x => x.PasswordChangedAt, now).SetProperty(x => x.UpdatedAt, now).SetProperty(x => x.Version, x => x.Version + 1),
            cancellationToken);
        if (changed != 1)
        {
            return false;
        }

        await PasswordPast.KeepAsync(db, browser.User.Id, kept, now, cancellationToken);
        db.Events.Add(events.PasswordSet(context, browser.User));
        await db.SaveChangesAsync(cancellationToken);
        await write.EndAllButAsync(browser.User.Id, browser.Session.Id, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        events.Written();
        return true;
    }
}
