using System.Text;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Notifications.WebhookMapping>;

namespace Gatehouse.Management.Notifications;

/// <summary>Adds a mapping of webhooks, changes or removes one. Expressions are read when they are saved.</summary>
internal sealed class SaveWebhookMapping(GatehouseDb db, Writer writer, ISecretBox secrets)
{
    public Task<Result> CreateAsync(Maybe<string> name, Maybe<string> expression, CancellationToken cancellationToken) => writer.RunAsync<WebhookMapping>(
        Topic.Identity,
        async () =>
        {
            var mapping = new WebhookMapping { Id = Guid.CreateVersion7(), Name = "" };
            db.WebhookMappings.Add(mapping);
            return await ApplyAsync(mapping, name, expression, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, Maybe<string> name, Maybe<string> expression, CancellationToken cancellationToken) => writer.RunAsync<WebhookMapping>(
        Topic.Identity,
        async () => await db.WebhookMappings.SingleOrDefaultAsync(m => m.Id == id, cancellationToken) is { } mapping
            ? await ApplyAsync(mapping, name, expression, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    /// <summary>Removes it, and from the transports that name it: they send the usual body, and no headers of their own.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<WebhookMapping>(
        Topic.Identity,
        async () =>
        {
            if (await db.WebhookMappings.SingleOrDefaultAsync(m => m.Id == id, cancellationToken) is not { } mapping)
            {
                return new Result.Missing();
            }

            foreach (var transport in await db.NotificationTransports.Where(t => t.BodyMappingId == id || t.HeaderMappingId == id).ToListAsync(cancellationToken))
            {
                transport.BodyMappingId = transport.BodyMappingId == id ? null : transport.BodyMappingId;
                transport.HeaderMappingId = transport.HeaderMappingId == id ? null : transport.HeaderMappingId;
            }

            db.WebhookMappings.Remove(mapping);
            return new Result.Done(mapping);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(WebhookMapping mapping, Maybe<string> name, Maybe<string> expression, CancellationToken cancellationToken)
    {
        mapping.Name = name.Or(mapping.Name);
        if (expression.Is(out var text))
        {
            if (Expression.Read(text, ExpressionNames.Webhook) is ExpressionReading.Refused refused)
            {
                return new Result.Refused([new Fault("expression", refused.Fault.ToString())]);
            }

            mapping.SealedExpression = secrets.Seal(Encoding.UTF8.GetBytes(text), SecretPurposes.WebhookMapping);
        }

        return await db.WebhookMappings.AnyAsync(m => m.Name == mapping.Name && m.Id != mapping.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Webhook Mapping with this name already exists."))
            : new Result.Done(mapping);
    }
}
