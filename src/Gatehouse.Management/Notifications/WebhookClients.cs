using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Notifications;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Notifications;

/// <summary>Opens the client that a transport's webhook is sent with.</summary>
internal sealed class WebhookClients(IHttpClientFactory clients, IDbContextFactory<GatehouseDb> databases, IEnumerable<NotificationOptions> options)
{
    private readonly NotificationOptions options = options.LastOrDefault() ?? new NotificationOptions();

    /// <summary>Opens it. A transport that names an authority has a client of its own, which trusts nothing else.</summary>
    /// <exception cref="HttpRequestException">The authority is gone.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The connection owns the client.")]
    public async Task<WebhookConnection> OpenAsync(NotificationTransport transport, CancellationToken cancellationToken)
    {
        if (transport.AuthorityId is not { } id)
        {
            return new WebhookConnection(clients.CreateClient(WebhookClient.Name), null);
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var pem = await db.KeyPairs.Where(k => k.Id == id).Select(k => k.CertificatePem).SingleOrDefaultAsync(cancellationToken)
            ?? throw new HttpRequestException("the certificate that the transport trusts (webhook_ca) is gone");
        var authority = X509Certificate2.CreateFromPem(pem);
        return new WebhookConnection(WebhookClient.Trusting(authority, options), authority);
    }
}

/// <summary>A client, with the certificate that it holds servers to.</summary>
internal sealed class WebhookConnection(HttpClient client, X509Certificate2? authority) : IDisposable
{
    /// <summary>Sends a request.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => client.SendAsync(request, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        authority?.Dispose();
    }
}
