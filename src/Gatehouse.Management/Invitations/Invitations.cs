using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Invitations.Invitation>;

namespace Gatehouse.Management.Invitations;

/// <summary>What a caller says about an invitation. Absent fields stay as they are.</summary>
internal sealed class InvitationFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<DateTimeOffset?> ExpiresAt { get; init; }

    public Maybe<string> FixedDataJson { get; init; }

    public Maybe<bool> IsSingleUse { get; init; }

    public Maybe<Guid?> FlowId { get; init; }
}

/// <summary>Reads invitations.</summary>
internal sealed class InvitationDirectory(GatehouseDb db)
{
    public async Task<(Invitation Invitation, User? Maker)?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var found = await db.Invitations.AsNoTracking().SingleOrDefaultAsync(i => i.Id == id, cancellationToken);
        return found is null ? null : (found, await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == found.CreatedById, cancellationToken));
    }

    public async Task<Slice<(Invitation Invitation, User? Maker)>> ListAsync(
        Func<IQueryable<Invitation>, IQueryable<Invitation>> filter, Func<IQueryable<Invitation>, IQueryable<Invitation>> order, Paging paging, string? maker,
        CancellationToken cancellationToken)
    {
        var invitations = db.Invitations.AsNoTracking();
        invitations = maker is not null ? invitations.Where(i => db.Users.Any(u => u.Id == i.CreatedById && u.Username == maker)) : invitations;
        var slice = await order(filter(invitations)).SliceAsync(paging, cancellationToken);
        var ids = slice.Items.Select(i => i.CreatedById).Distinct().ToList();
        var makers = await db.Users.AsNoTracking().Where(u => ids.Contains(u.Id)).ToDictionaryAsync(u => u.Id, cancellationToken);
        return new Slice<(Invitation, User?)>([.. slice.Items.Select(i => (i, makers.GetValueOrDefault(i.CreatedById)))], slice.Total);
    }
}

/// <summary>Adds an invitation, or changes one.</summary>
internal sealed class SaveInvitation(GatehouseDb db, Writer writer, TimeProvider clock)
{
    public Task<Result> CreateAsync(InvitationFields fields, int maker, CancellationToken cancellationToken) => writer.RunAsync<Invitation>(
        Topic.Identity,
        async () =>
        {
            // Gatehouse itself, which applies blueprints, is no user; and whoever calls may be gone by now.
            if (!await db.Users.AnyAsync(u => u.Id == maker, cancellationToken))
            {
                return new Result.Refused([new Fault("created_by", "An invitation is somebody's: a blueprint that makes one has to be applied by a person first.")]);
            }

            var invitation = new Invitation { Id = RandomId(), Name = "", CreatedById = maker, CreatedAt = clock.GetUtcNow() };
            db.Invitations.Add(invitation);
            return await ApplyAsync(invitation, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, InvitationFields fields, CancellationToken cancellationToken) => writer.RunAsync<Invitation>(
        Topic.Identity,
        async () => await db.Invitations.SingleOrDefaultAsync(i => i.Id == id, cancellationToken) is { } invitation
            ? await ApplyAsync(invitation, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(Invitation invitation, InvitationFields fields, CancellationToken cancellationToken)
    {
        invitation.Name = fields.Name.Or(invitation.Name);
        invitation.ExpiresAt = fields.ExpiresAt.Or(invitation.ExpiresAt);
        invitation.FixedDataJson = fields.FixedDataJson.Or(invitation.FixedDataJson);
        invitation.IsSingleUse = fields.IsSingleUse.Or(invitation.IsSingleUse);
        invitation.FlowId = fields.FlowId.Or(invitation.FlowId);
        List<Fault> faults = [];
        if (invitation.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            faults.Add(new Fault("name", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."));
        }

        if (invitation.FlowId is { } flow && !await db.Flows.AnyAsync(f => f.Id == flow, cancellationToken))
        {
            faults.Add(new Fault("flow", $"Invalid pk \"{flow}\" - object does not exist."));
        }

        using var document = JsonDocument.Parse(invitation.FixedDataJson);
        if (document.RootElement.EnumerateObject().Any(p => p.Name is "password" or "password_repeat"))
        {
            faults.Add(new Fault("fixed_data", "An invitation can't hold a password: it is kept as it is. Let people choose theirs."));
        }

        return faults.Count > 0 ? new Result.Refused(faults) : new Result.Done(invitation);
    }

    // Version 4 in form (RFC 9562 §5.4): the id is the secret of the link, so all of it is chance.
    private static Guid RandomId()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}

/// <summary>Takes an invitation back.</summary>
internal sealed class DeleteInvitation(GatehouseDb db, Writer writer)
{
    public Task<Result> RunAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<Invitation>(
        Topic.Identity,
        async () =>
        {
            if (await db.Invitations.SingleOrDefaultAsync(i => i.Id == id, cancellationToken) is not { } invitation)
            {
                return new Result.Missing();
            }

            db.Invitations.Remove(invitation);
            return new Result.Done(invitation);
        },
        cancellationToken);
}
