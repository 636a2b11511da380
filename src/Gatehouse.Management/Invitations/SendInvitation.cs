using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Mail;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Invitations.Invitation>;

namespace Gatehouse.Management.Invitations;

/// <summary>Sends the link of an invitation, to each address in a message of its own: nobody sees who else was asked.</summary>
internal sealed class SendInvitation(GatehouseDb db, IMailSender mail, PublicUrls urls, IEventRows rows, Actor actor, TimeProvider clock)
{
    /// <summary>Bounds the time that one call takes.</summary>
    public const int MostAddresses = 50;

    /// <summary>Sends it to canonical <paramref name="addresses"/>, in their order. The first that fails ends it, and says who has got theirs.</summary>
    public async Task<Result> RunAsync(Guid id, IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        if (await db.Invitations.AsNoTracking().SingleOrDefaultAsync(i => i.Id == id, cancellationToken) is not { } invitation)
        {
            return new Result.Missing();
        }

        if (invitation.ExpiresAt <= clock.GetUtcNow())
        {
            return Refused("The invitation has expired.");
        }

        if (await db.Flows.Where(f => f.Id == invitation.FlowId).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken) is not { } slug)
        {
            return Refused("The invitation names no flow, so that no link can be made. Set its flow first.");
        }

        var title = await db.Brands.Where(b => b.IsDefault).Select(b => b.Title).FirstOrDefaultAsync(cancellationToken);
        var url = urls.Identity + invitation.PathOf(slug);
        List<string> sent = [];
        foreach (var address in addresses)
        {
            var letter = LinkMail.Invite(address, title is { Length: > 0 } ? title : "Gatehouse", url, invitation.ExpiresAt, invitation.IsSingleUse);
            if (await SendAsync(invitation, letter, cancellationToken) is MailResult.Failed failed)
            {
                var before = sent.Count > 0 ? $" Sent before: {string.Join(", ", sent)}." : "";
                return new Result.Refused([new Fault("email_addresses", $"The message to {address} was not sent: {failed.Reason}.{before}")]);
            }

            sent.Add(address);
        }

        return new Result.Done(invitation);
    }

    // Written down before it goes out: what was sent must be known, whatever happens then. Never the id: it is the secret of the link.
    private async Task<MailResult> SendAsync(Invitation invitation, Mail letter, CancellationToken cancellationToken)
    {
        var told = rows.RowOf(actor.Event(EventActions.EmailSent, new JsonObject { ["invitation"] = invitation.Name, ["to"] = letter.To }));
        db.Add(told);
        await db.SaveChangesAsync(cancellationToken);
        var result = await mail.SendAsync(letter, cancellationToken);
        if (result is MailResult.Failed)
        {
            db.Remove(told);
            await db.SaveChangesAsync(cancellationToken);
        }
        else
        {
            rows.Written();
        }

        return result;
    }

    private static Result.Refused Refused(string reason) => new([new Fault("non_field_errors", reason)]);
}
