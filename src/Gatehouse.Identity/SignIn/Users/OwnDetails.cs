using System.Text.Json.Nodes;
using Gatehouse.Identity.Pages.Account;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>Changes of one's own username, name and address, as far as they are allowed.</summary>
internal sealed class OwnDetails(GatehouseDb db, OwnRights rights, Superusers superusers, SignInEvents events, PublicUrls urls, TimeProvider clock)
{
    private static readonly string[] Fields = ["username", "name", "email"];

    /// <summary>Saves a form.</summary>
    public async Task<FormResult> ChangeAsync(HttpContext context, SignedInBrowser browser, IFormCollection form, CancellationToken cancellationToken)
    {
        if (await db.Users.SingleOrDefaultAsync(u => u.Id == browser.User.Id && u.IsActive, cancellationToken) is not { } user)
        {
            return FormResult.Wrong("name", "This account can’t be changed any more.");
        }

        var faults = new Dictionary<string, string>();
        await PutAsync(user, form, faults, cancellationToken);
        if (faults.Count > 0)
        {
            db.ChangeTracker.Clear();
            return new FormResult { Faults = faults };
        }

        user.UpdatedAt = clock.GetUtcNow();
        await ClaimsChange.PrepareAsync(db, urls, user.UpdatedAt, cancellationToken);
        db.Events.Add(events.Did(
            context, EventActions.UserWrite, user, new JsonObject { ["created"] = false, ["fields"] = new JsonArray([.. Fields.Where(form.ContainsKey).Select(f => (JsonNode)f)]) }));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException fault) when (fault is DbUpdateConcurrencyException || UniqueViolation.Is(fault))
        {
            db.ChangeTracker.Clear();
            return FormResult.Wrong("username", "Somebody changed this account, or took this username, at the same time. Try again.");
        }

        events.Written();
        return new FormResult { Done = "profile" };
    }

    private async Task PutAsync(User user, IFormCollection form, Dictionary<string, string> faults, CancellationToken cancellationToken)
    {
        if (form["name"] is [{ } name] && name != user.Name && await AllowsAsync(user, "name", faults, cancellationToken))
        {
            user.Name = name.Length <= 1000 && !name.Contains('\0', StringComparison.Ordinal) ? name.Trim() : Refuse(faults, "name", "A name has at most 1000 characters.", user.Name);
        }

        if (form["email"] is [{ } email] && email.Trim() != user.Email && await AllowsAsync(user, "email", faults, cancellationToken))
        {
            user.Email = email.Trim().Length == 0 ? "" : EmailAddress.Canonical(email.Trim()) ?? Refuse(faults, "email", "Write an address such as ada@example.com, in plain letters.", user.Email);
        }

        await OwnAddress.MarkAsync(db, superusers, user, cancellationToken);
        if (form["username"] is [{ } username] && username != user.Username && await AllowsAsync(user, "username", faults, cancellationToken))
        {
            if (UserNames.OwnKey(username, out var fault) is not { } key)
            {
                faults["username"] = fault;
            }
            else if (await db.Users.AnyAsync(u => u.UsernameKey == key && u.Id != user.Id, cancellationToken))
            {
                faults["username"] = "This username is taken.";
            }
            else
            {
                (user.Username, user.UsernameKey) = (username, key);
            }
        }
    }

    private async Task<bool> AllowsAsync(User user, string field, Dictionary<string, string> faults, CancellationToken cancellationToken)
    {
        if (await rights.MayChangeAsync(user, field, cancellationToken))
        {
            return true;
        }

        faults[field] = $"You may not change your own {(field == "email" ? "e-mail address" : field)}.";
        return false;
    }

    private static string Refuse(Dictionary<string, string> faults, string field, string text, string kept)
    {
        faults[field] = text;
        return kept;
    }
}
