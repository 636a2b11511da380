using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Sessions;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>What a flow says about users that it makes.</summary>
internal sealed record NewUserTerms(bool IsActive, Guid? Group, string Path, UserType Type);

/// <summary>How a write ended.</summary>
internal abstract record WriteUserResult
{
    private WriteUserResult()
    {
    }

    /// <summary>Saved, durably.</summary>
    public sealed record Written(User User) : WriteUserResult;

    /// <summary>Nothing changed.</summary>
    /// <param name="Message">For the person.</param>
    /// <param name="Reason">For the log.</param>
    public sealed record Refused(string Message, string Reason) : WriteUserResult;
}

/// <summary>Saves what a run was told: username, name, e-mail address, password and attributes. Rights and memberships are never among it.</summary>
internal sealed class WriteUser(GatehouseDb db, Superusers superusers, IEventRows rows, PublicUrls urls, TimeProvider clock)
{
    private static readonly WriteUserResult.Refused Uninvited = new("This invitation was used meanwhile, or is too old.", "the invitation is used, expired or gone");
    private static readonly WriteUserResult.Refused Overtaken = new("Somebody changed this account at the same time. Start again.", "overtaken by another write");

    /// <summary>Makes a user, and uses the run's invitation up in the same transaction.</summary>
    public async Task<WriteUserResult> CreateAsync(FlowRun run, NewUserTerms terms, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var user = new User
        {
            Uuid = Guid.CreateVersion7(now),
            Username = "",
            UsernameKey = "",
            IsActive = terms.IsActive,
            Path = terms.Path,
            Type = terms.Type,
            CreatedAt = now,
            Groups = terms.Group is { } group ? [new GroupMember { GroupId = group, UserId = 0 }] : [],
        };
        if (UserData.Apply(run.State, user, now) is { } fault)
        {
            return new WriteUserResult.Refused(fault, "what was answered can't be written");
        }

        user.IsEmailUnproven = user.Email.Length > 0 && !run.State.Fixed.ContainsKey(UserData.Email);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (run.State.InvitationId is { } invitation && !await TryUseUpAsync(invitation, now, cancellationToken))
        {
            return Uninvited;
        }

        db.Users.Add(user);
        if (!await TrySaveAsync(cancellationToken))
        {
            return new WriteUserResult.Refused("Somebody has taken this username meanwhile. Start again with another one.", "the username is taken");
        }

        await SayAsync(run, user, isNew: true, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        rows.Written();
        return new WriteUserResult.Written(user);
    }

    /// <summary>Changes a user, and uses the run's invitation up as well. A new password ends what was opened with the old one, but for the session it is changed in.</summary>
    public async Task<WriteUserResult> ChangeAsync(FlowRun run, int userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.Users.SingleOrDefaultAsync(u => u.Id == userId, cancellationToken) is not { } user || !BrowserSessions.MaySignIn(user))
        {
            return new WriteUserResult.Refused("This account can't be changed. Ask your administrator.", "the user is gone, inactive or no person");
        }

        if (run.State.PasswordMark is { } mark && mark != Stages.PasswordProof.MarkOf(user.PasswordHash))
        {
            return Overtaken; // whoever proved the old password is not whoever has the new one
        }

        if (run.State.InvitationId is { } invitation && !await TryUseUpAsync(invitation, now, cancellationToken))
        {
            return Uninvited;
        }

        var replaced = user.PasswordHash;
        if (UserData.Apply(run.State, user, now) is { } fault)
        {
            db.ChangeTracker.Clear();
            return new WriteUserResult.Refused(fault, "what was answered can't be written");
        }

        // What an invitation fixed, an administrator wrote.
        if (run.State.Fixed.ContainsKey(UserData.Email))
        {
            user.IsEmailUnproven = false;
        }
        else
        {
            await OwnAddress.MarkAsync(db, superusers, user, cancellationToken);
        }

        if (run.State.NewPasswordHash is not null)
        {
            await PasswordPast.KeepAsync(db, userId, replaced, now, cancellationToken);
        }

        await ClaimsChange.PrepareAsync(db, urls, now, cancellationToken);
        if (!await TrySaveAsync(cancellationToken))
        {
            return Overtaken;
        }

        if (run.State.NewPasswordHash is not null)
        {
            var kept = run.Browser?.User.Id == userId ? run.Browser.Session.Id : null;
            await EndAllButAsync(userId, kept, now, cancellationToken);
        }

        await SayAsync(run, user, isNew: false, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        db.ChangeTracker.Clear();
        rows.Written();
        return new WriteUserResult.Written(user);
    }

    /// <summary>Ends sessions and links of a user whose password has changed; within the caller's transaction.</summary>
    public async Task EndAllButAsync(int userId, string? kept, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await SessionEnd.RunForUserAsync(db, userId, kept, now, cancellationToken);
        await db.OneTimeLinks.Where(l => l.UserId == userId && l.UsedAt == null).ExecuteUpdateAsync(l => l.SetProperty(x => x.UsedAt, now), cancellationToken);
    }

    private async Task<bool> TryUseUpAsync(Guid invitation, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var good = db.Invitations.Where(i => i.Id == invitation && (i.ExpiresAt == null || i.ExpiresAt > now));
        return await good.Where(i => i.IsSingleUse).ExecuteDeleteAsync(cancellationToken) == 1 || await good.AnyAsync(i => !i.IsSingleUse, cancellationToken);
    }

    private async Task<bool> TrySaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (fault is DbUpdateConcurrencyException || UniqueViolation.Is(fault))
        {
            db.ChangeTracker.Clear();
            return false; // the caller's transaction is not committed
        }
    }

    // Within the caller's transaction: neither stands without the other.
    private async Task SayAsync(FlowRun run, User user, bool isNew, CancellationToken cancellationToken)
    {
        var actor = new EventActor(user.Id, user.Username, user.Email);
        var address = ClientAddress.Of(run.Http).ToString();
        if (run.State.InvitationId is { } invitation)
        {
            Add(EventActions.InvitationUsed, new JsonObject { ["invitation"] = new JsonObject { ["pk"] = Invitation.NameInLogs(invitation) } });
        }

        Add(EventActions.UserWrite, new JsonObject { ["created"] = isNew, ["flow"] = run.Flow.Slug, ["fields"] = new JsonArray([.. UserData.NamesOf(run.State).Select(n => (JsonNode)n)]) });
        if (run.State.NewPasswordHash is not null)
        {
            Add(EventActions.PasswordSet, new JsonObject { ["flow"] = run.Flow.Slug });
        }

        await db.SaveChangesAsync(cancellationToken);

        void Add(string action, JsonObject details) => db.Events.Add(rows.RowOf(new NewEvent(action, actor, address, details)));
    }
}
