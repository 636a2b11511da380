using System.Security.Authentication;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Notifications;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Notifications;

/// <summary>What came of a notification.</summary>
internal abstract record SendResult
{
    private SendResult()
    {
    }

    /// <summary>It arrived, or there was nothing to send. <paramref name="Message"/> says which.</summary>
    public sealed record Done(string Message) : SendResult;

    /// <summary>It did not. <paramref name="Reason"/> holds no secret.</summary>
    public sealed record Failed(string Reason) : SendResult;
}

/// <summary>Sends one notification over one transport.</summary>
internal sealed class SendNotification(
    IDbContextFactory<GatehouseDb> databases, WebhookClients clients, IMailSender mail, ISecretBox secrets, WebhookMappings mappings, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Sends it. <paramref name="id"/> names it, so that a second try keeps no second copy.</summary>
    public Task<SendResult> RunAsync(Guid id, NotificationTransport transport, Outgoing outgoing, CancellationToken cancellationToken) => transport.Mode switch
    {
        TransportMode.Local => KeepAsync(id, outgoing, cancellationToken),
        TransportMode.Email => MailAsync(transport, outgoing, cancellationToken),
        TransportMode.WebhookSlack => PostAsync(transport, new WebhookParcel { Body = NotificationBodies.Slack(outgoing, urls.Identity) }, cancellationToken),
        _ => PackAndPostAsync(id, transport, outgoing, cancellationToken),
    };

    /// <summary>Where a webhook goes; empty when it has no URL, or one sealed with another key.</summary>
    public string UrlOf(NotificationTransport transport) =>
        transport.SealedUrl.Length > 0 && secrets.Open(transport.SealedUrl, SecretPurposes.TransportUrl) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    private async Task<SendResult> KeepAsync(Guid id, Outgoing outgoing, CancellationToken cancellationToken)
    {
        if (outgoing.To is not { } person)
        {
            return new SendResult.Done("nobody to tell");
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Notifications.AnyAsync(n => n.Id == id, cancellationToken))
        {
            db.Notifications.Add(new Notification
            {
                Id = id,
                UserId = person.Id,
                Severity = outgoing.Severity,
                Body = EventText.Summary(outgoing.Event),
                Hyperlink = WebLink(EventText.Detail(outgoing.Event, "hyperlink")),
                HyperlinkLabel = EventText.Detail(outgoing.Event, "hyperlink_label"),
                EventId = outgoing.Event.Id,
                CreatedAt = clock.GetUtcNow(),
            });
            await db.SaveChangesAsync(cancellationToken);
        }

        return new SendResult.Done("kept for " + person.Username);
    }

    private async Task<SendResult> MailAsync(NotificationTransport transport, Outgoing outgoing, CancellationToken cancellationToken)
    {
        return NotificationBodies.Letter(outgoing, transport.SubjectPrefix) is not { } letter
            ? new SendResult.Done("no address to send to")
            : await mail.SendAsync(letter, cancellationToken) is MailResult.Failed failed
            ? new SendResult.Failed(failed.Reason)
            : new SendResult.Done("sent by mail");
    }

    private async Task<SendResult> PackAndPostAsync(Guid id, NotificationTransport transport, Outgoing outgoing, CancellationToken cancellationToken)
    {
        var parcel = await mappings.PackAsync(id, transport, outgoing, cancellationToken);
        return parcel.Fault is { } fault ? new SendResult.Failed(fault) : await PostAsync(transport, parcel, cancellationToken);
    }

    private async Task<SendResult> PostAsync(NotificationTransport transport, WebhookParcel parcel, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(UrlOf(transport), UriKind.Absolute, out var target) || target.Scheme is not ("http" or "https"))
        {
            return new SendResult.Failed("the transport has no usable URL");
        }

        try
        {
            using var client = await clients.OpenAsync(transport, cancellationToken);
            using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new StringContent(parcel.Body?.ToJsonString() ?? "null", Encoding.UTF8, "application/json") };
            foreach (var (name, value) in parcel.Headers)
            {
                Set(request, name, value);
            }

            using var answer = await client.SendAsync(request, cancellationToken);
            return answer.IsSuccessStatusCode
                ? new SendResult.Done($"the webhook answered {(int)answer.StatusCode}")
                : new SendResult.Failed($"the webhook answered {(int)answer.StatusCode}");
        }
        catch (HttpRequestException fault)
        {
            // Names host and port, never path or query; what is wrong with a certificate stands inside.
            return new SendResult.Failed(fault.InnerException is AuthenticationException certificate ? $"{fault.Message} {certificate.Message}" : fault.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendResult.Failed("the webhook did not answer in time");
        }
    }

    private static void Set(HttpRequestMessage request, string name, string value)
    {
        if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
        {
            request.Content!.Headers.Remove(name); // always there
            _ = request.Content.Headers.TryAddWithoutValidation(name, value);
        }
        else
        {
            _ = request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    // It becomes a link on somebody's page: nothing that could run.
    private static string? WebLink(string? text) =>
        text is not null && (text.StartsWith('/') || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")) ? text : null;
}
