using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Users;

/// <summary>What came of asking for a recovery link.</summary>
internal abstract record RecoveryResult
{
    private RecoveryResult()
    {
    }

    /// <summary>It was made; whoever opens it sets the password. Printed nowhere.</summary>
    public sealed record Made(string Url) : RecoveryResult
    {
        /// <inheritdoc/>
        public override string ToString() => "***";
    }

    /// <summary>It was not; the text says why.</summary>
    public sealed record Refused(string Reason) : RecoveryResult;

    /// <summary>There is no such user.</summary>
    public sealed record Missing : RecoveryResult;
}

/// <summary>Makes links into the brand's recovery flow, to hand over or to send. Each works once and ends with the password.</summary>
internal sealed class RecoveryLinks(GatehouseDb db, IMailSender mail, ISecretBox box, PublicUrls urls, IEventRows rows, Actor actor, TimeProvider clock)
{
    /// <summary>How long a link that is handed over lasts unless the caller says.</summary>
    public static readonly TimeSpan DefaultLife = TimeSpan.FromMinutes(30);

    /// <summary>A link to hand over.</summary>
    public async Task<RecoveryResult> MakeAsync(int userId, TimeSpan? life, CancellationToken cancellationToken)
    {
        var (user, flow, fault) = await FindAsync(userId, cancellationToken);
        if (user is null || flow is null)
        {
            return fault;
        }

        var target = WriteEvents.About(user);
        target["secret"] = new JsonObject { ["name"] = "recovery link", ["user"] = user.Id };
        var (token, url) = TokenOf(user, flow, life ?? DefaultLife, address: null);
        db.AddRange(token, rows.RowOf(actor.Event(EventActions.SecretView, target)));
        await db.SaveChangesAsync(cancellationToken);
        rows.Written();
        return new RecoveryResult.Made(url);
    }

    /// <summary>A link, sent to the user's own address in the words of an e-mail stage.</summary>
    public async Task<RecoveryResult> SendAsync(int userId, Guid stageId, TimeSpan? life, CancellationToken cancellationToken)
    {
        var (user, flow, fault) = await FindAsync(userId, cancellationToken);
        if (user is null || flow is null)
        {
            return fault;
        }

        if (user.Email.Length == 0)
        {
            return new RecoveryResult.Refused("User does not have an email address set.");
        }

        if (await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == stageId && s.Type == StageType.Email, cancellationToken) is not { } stage)
        {
            return new RecoveryResult.Refused("Email stage not found.");
        }

        var lasts = life ?? stage.Setting(EmailSettings.TokenExpiry);
        var target = WriteEvents.About(user);
        (target["stage"], target["to"]) = (stage.Name, user.Email);
        var (token, url) = TokenOf(user, flow, lasts, user.Email);

        // Written down before it goes out: what was sent must be known, whatever happens then.
        var sent = rows.RowOf(actor.Event(EventActions.EmailSent, target));
        db.AddRange(token, sent);
        await db.SaveChangesAsync(cancellationToken);
        var brand = await db.Brands.Where(b => b.IsDefault).Select(b => b.Title).FirstOrDefaultAsync(cancellationToken) ?? "Gatehouse";
        if (await mail.SendAsync(EmailSettings.Compose(stage, user, brand, url, lasts, box), cancellationToken) is MailResult.Failed failed)
        {
            db.RemoveRange(token, sent);
            await db.SaveChangesAsync(cancellationToken);
            return new RecoveryResult.Refused($"The message was not sent: {failed.Reason}");
        }

        rows.Written();
        return new RecoveryResult.Made(url);
    }

    private async Task<(User? User, Flow? Flow, RecoveryResult Fault)> FindAsync(int userId, CancellationToken cancellationToken)
    {
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == userId, cancellationToken);
        if (user is null)
        {
            return (null, null, new RecoveryResult.Missing());
        }

        var id = await db.Brands.Where(b => b.IsDefault).Select(b => b.RecoveryFlowId).FirstOrDefaultAsync(cancellationToken);
        return await db.Flows.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id, cancellationToken) is not { } flow
            ? (user, null, new RecoveryResult.Refused("No recovery flow set."))
            : !user.IsActive || user.Type is not (UserType.Internal or UserType.External)
            ? (null, flow, new RecoveryResult.Refused("This user is inactive or no person, and could not sign in."))
            : (user, flow, new RecoveryResult.Missing());
    }

    private (FlowToken Row, string Url) TokenOf(User user, Flow flow, TimeSpan life, string? address)
    {
        var token = FlowToken.NewToken();
        var hash = FlowToken.HashOf(token);
        var row = new FlowToken
        {
            Hash = hash,
            FlowId = flow.Id,
            UserId = user.Id,
            PasswordMark = FlowToken.MarkOf(user.PasswordHash),
            Address = address,
            Slot = "administrator/" + hash,
            ExpiresAt = clock.GetUtcNow() + life,
        };
        return (row, urls.Identity + FlowToken.PathOf(flow.Slug, token));
    }
}
