using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tls;

/// <summary>A certificate for each name that is served, issued at its first handshake. Per name, because browsers refuse wildcards right under <c>localhost</c>.</summary>
/// <param name="serves">Whether a published host or an app has this name.</param>
internal sealed class HostCertificates(LocalAuthority authority, PublicUrls urls, Func<string, bool> serves, TimeProvider clock)
{
    /// <summary>The most certificates held for published names; a wildcard name covers more names than memory.</summary>
    public const int Capacity = 512;

    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<string, Issued> published = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private volatile Issued? own; // made under gate

    /// <summary>How many published names have one now.</summary>
    public int Count => published.Count;

    /// <summary>The certificate for a client that asked for <paramref name="serverName"/>. Whoever asks for no name, or for one not served, sees the certificate of the own hosts.</summary>
    public SslStreamCertificateContext For(string? serverName)
    {
        var now = clock.GetUtcNow();
        var name = Canonical(serverName);
        if (name is null || urls.IsOwn(name) || !serves(name))
        {
            return Own(now);
        }

        if (published.TryGetValue(name, out var known) && known.RenewAt > now)
        {
            return known.Context;
        }

        var made = Issue([name], now);
        MakeRoom();
        published[name] = made;
        return made.Context;
    }

    private SslStreamCertificateContext Own(DateTimeOffset now)
    {
        if (own is { } current && current.RenewAt > now)
        {
            return current.Context;
        }

        lock (gate)
        {
            if (own is null || own.RenewAt <= now)
            {
                own = Issue([urls.IdentityHost, urls.AccessHost, urls.ApiHost, urls.DashHost], now);
            }

            return own.Context;
        }
    }

    private Issued Issue(IReadOnlyList<string> names, DateTimeOffset now)
    {
        var leaf = authority.Issue(names, now);
        return new Issued(SslStreamCertificateContext.Create(leaf, additionalCertificates: null, offline: true), leaf.NotAfter - RenewBefore);
    }

    // Any victim will do: issuing again takes a millisecond.
    private void MakeRoom()
    {
        foreach (var name in published.Keys)
        {
            if (published.Count < Capacity)
            {
                return;
            }

            published.TryRemove(name, out _);
        }
    }

    // The runtime hands A-labels over as Unicode; names are kept as A-labels.
    internal static string? Canonical(string? serverName)
    {
        if (string.IsNullOrEmpty(serverName))
        {
            return null;
        }

        try
        {
            var ascii = serverName.All(char.IsAscii) ? serverName : new IdnMapping().GetAscii(serverName);
            var name = ascii.ToLowerInvariant();
            return EmailAddress.IsHost(name) ? name : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private sealed record Issued(SslStreamCertificateContext Context, DateTimeOffset RenewAt);
}
