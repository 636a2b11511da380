using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>The client certificate of a request, if it counts on the host that was asked for. The handshake named a host too, but a connection may carry requests for others.</summary>
internal sealed class ClientCertificates(TimeProvider clock)
{
    private const string CommonName = "2.5.4.3";

    private static readonly object JudgedKey = typeof(ClientCertificates);
    private static readonly TimeSpan JudgedFor = TimeSpan.FromMinutes(1);

    /// <summary>Its common name, empty when it has none; null when there is no certificate that counts.</summary>
    public string? CommonNameOf(HttpContext context, AccessTable table, string host) => Find(context, table, host) is { } found ? NameOf(found.Leaf) : null;

    /// <summary>The same for a stream that runs on.</summary>
    public string? Again(Passage passage, AccessTable table) =>
        passage.Certificate is { } certificate && table.ClientCertificates.Counts(certificate, passage.Host, clock.GetUtcNow()) ? NameOf(certificate.Leaf) : null;

    /// <summary>When the certificate behind a stream has to be judged again, and by then has most likely ended: it, or what leads to its authority; null when there is none.</summary>
    public DateTimeOffset? EndOf(Passage passage, AccessTable table)
    {
        if (passage.Certificate is not { } certificate)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        return Earlier.Of(certificate.EndAfter(now), table.ClientCertificates.EndAfter(passage.Host, now));
    }

    /// <summary>The certificate that counts on <paramref name="host"/>. Judged once for each connection, table and minute: a chain takes a millisecond.</summary>
    public PresentedCertificate? Find(HttpContext context, AccessTable table, string host)
    {
        if (!table.ClientCertificates.Asks(host) || context.Features.Get<IConnectionItemsFeature>()?.Items is not { } items)
        {
            return null;
        }

        lock (items)
        {
            return items.TryGetValue(PresentedCertificate.Key, out var found) && found is PresentedCertificate presented && Counts(items, presented, table, host)
                ? presented
                : null;
        }
    }

    private bool Counts(IDictionary<object, object?> items, PresentedCertificate presented, AccessTable table, string host)
    {
        var now = clock.GetUtcNow();
        if (items.TryGetValue(JudgedKey, out var before) && before is Judged held
            && ReferenceEquals(held.Table, table.ClientCertificates) && held.Host == host && held.Until > now)
        {
            return held.Counts;
        }

        var counts = table.ClientCertificates.Counts(presented, host, now);
        items[JudgedKey] = new Judged(table.ClientCertificates, host, counts, Earlier.Of(now + JudgedFor, presented.EndAfter(now))!.Value); // the first is there
        return counts;
    }

    // The last one counts when there are several, as it does for those who print the name (RFC 4514 lists them from the end).
    private static string NameOf(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: true)
            .FirstOrDefault(n => !n.HasMultipleElements && n.GetSingleElementType().Value == CommonName)?.GetSingleElementValue() ?? "";

    private sealed record Judged(ClientCertificateTable Table, string Host, bool Counts, DateTimeOffset Until);
}
