using System.Text;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Notifications.NotificationTransport>;

namespace Gatehouse.Management.Notifications;

/// <summary>What a caller says about a transport. Absent fields stay as they are.</summary>
internal sealed class TransportFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<TransportMode> Mode { get; init; }

    public Maybe<string> Url { get; init; }

    public Maybe<Guid?> Authority { get; init; }

    public Maybe<Guid?> BodyMapping { get; init; }

    public Maybe<Guid?> HeaderMapping { get; init; }

    public Maybe<string> SubjectPrefix { get; init; }

    public Maybe<string> EmailTemplate { get; init; }

    public Maybe<bool> SendsOnce { get; init; }
}

/// <summary>Adds a transport of notifications, changes or removes one.</summary>
internal sealed class SaveTransport(GatehouseDb db, Writer writer, ISecretBox secrets)
{
    public Task<Result> CreateAsync(TransportFields fields, CancellationToken cancellationToken) => writer.RunAsync<NotificationTransport>(
        Topic.Identity,
        async () =>
        {
            var transport = new NotificationTransport { Id = Guid.CreateVersion7(), Name = "" };
            db.NotificationTransports.Add(transport);
            return await ApplyAsync(transport, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, TransportFields fields, CancellationToken cancellationToken) => writer.RunAsync<NotificationTransport>(
        Topic.Identity,
        async () => await db.NotificationTransports.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is { } transport
            ? await ApplyAsync(transport, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    /// <summary>Removes it, and from the rules that name it.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<NotificationTransport>(
        Topic.Identity,
        async () =>
        {
            if (await db.NotificationTransports.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is not { } transport)
            {
                return new Result.Missing();
            }

            foreach (var rule in (await db.NotificationRules.ToListAsync(cancellationToken)).Where(r => r.TransportIds.Contains(id)))
            {
                rule.TransportIds = [.. rule.TransportIds.Where(t => t != id)];
            }

            db.NotificationTransports.Remove(transport);
            return new Result.Done(transport);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(NotificationTransport transport, TransportFields fields, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        transport.Name = fields.Name.Or(transport.Name);
        transport.Mode = fields.Mode.Or(transport.Mode);
        transport.SubjectPrefix = fields.SubjectPrefix.Or(transport.SubjectPrefix);
        transport.EmailTemplate = fields.EmailTemplate.Or(transport.EmailTemplate);
        transport.SendsOnce = fields.SendsOnce.Or(transport.SendsOnce);
        transport.AuthorityId = fields.Authority.Or(transport.AuthorityId);
        if (transport.AuthorityId is { } authority && !await db.KeyPairs.AnyAsync(k => k.Id == authority, cancellationToken))
        {
            faults.Add(Unknown("webhook_ca", authority));
        }

        transport.BodyMappingId = await MappingAsync("webhook_mapping_body", fields.BodyMapping.Or(transport.BodyMappingId), faults, cancellationToken);
        transport.HeaderMappingId = await MappingAsync("webhook_mapping_headers", fields.HeaderMapping.Or(transport.HeaderMappingId), faults, cancellationToken);
        if (fields.Url.Is(out var url))
        {
            if (url.Length > 0 && !(Uri.TryCreate(url, UriKind.Absolute, out var target) && target.Scheme is "http" or "https" && target.UserInfo.Length == 0))
            {
                faults.Add(new Fault("webhook_url", "Enter a valid URL; expected http or https, without a user in it."));
            }

            transport.SealedUrl = url.Length > 0 ? secrets.Seal(Encoding.UTF8.GetBytes(url), SecretPurposes.TransportUrl) : [];
        }

        if (transport.Mode is TransportMode.Webhook or TransportMode.WebhookSlack && transport.SealedUrl.Length == 0)
        {
            faults.Add(new Fault("webhook_url", "Webhook URL may not be empty."));
        }

        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.NotificationTransports.AnyAsync(t => t.Name == transport.Name && t.Id != transport.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Notification Transport with this name already exists."))
            : new Result.Done(transport);
    }

    private async Task<Guid?> MappingAsync(string field, Guid? id, List<Fault> faults, CancellationToken cancellationToken)
    {
        if (id is { } wanted && !await db.WebhookMappings.AnyAsync(m => m.Id == wanted, cancellationToken))
        {
            faults.Add(Unknown(field, wanted));
            return null;
        }

        return id;
    }

    private static Fault Unknown(string field, Guid id) => new(field, $"Invalid pk \"{id}\" - object does not exist.");
}
