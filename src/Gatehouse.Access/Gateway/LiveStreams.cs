using System.Collections.Concurrent;
using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Access.Gateway;

/// <summary>The WebSockets, event streams and long bodies now running, so that ending a session, or the process, ends them. Short answers never come here.</summary>
internal sealed class LiveStreams : IDisposable
{
    private readonly ConcurrentDictionary<Stream, byte> running = new();
    private readonly ISnapshot<RevocationTable> revocations;
    private readonly IHostApplicationLifetime lifetime;
    private readonly IDisposable subscription;
    private readonly IDisposable stopping;

    /// <summary>Begins to listen for ended sessions, and for the end of the process.</summary>
    public LiveStreams(ISnapshot<RevocationTable> revocations, IHostApplicationLifetime lifetime)
    {
        this.revocations = revocations;
        this.lifetime = lifetime;
        subscription = revocations.OnSwap(Cut);
        stopping = lifetime.ApplicationStopping.Register(GoAway);
    }

    /// <summary>How many run now.</summary>
    public int Count => running.Count;

    /// <summary>Whether a session was ended.</summary>
    public bool IsEnded(string nonce) => revocations.Current.IsRevoked(nonce);

    /// <summary>Lists a stream until it is disposed. <paramref name="nonce"/> names its session; null when it has none.</summary>
    public Stream Open(string? nonce, ForwardedRequest request)
    {
        var stream = new Stream(this, nonce, request);
        running[stream] = 0;

        // The session may have ended after its token was checked.
        if (nonce is not null && IsEnded(nonce))
        {
            request.EndSession();
        }
        else if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            request.GoAway();
        }

        return stream;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        subscription.Dispose();
        stopping.Dispose();
    }

    // The web server waits for requests under way; these would never end by themselves.
    private void GoAway()
    {
        foreach (var (stream, _) in running)
        {
            stream.Request.GoAway();
        }
    }

    private void Cut(RevocationTable table)
    {
        foreach (var (stream, _) in running)
        {
            if (stream.Nonce is { } nonce && table.IsRevoked(nonce))
            {
                stream.Request.EndSessionSoon();
            }
        }
    }

    /// <summary>A place in the list.</summary>
    internal sealed class Stream(LiveStreams owner, string? nonce, ForwardedRequest request) : IDisposable
    {
        /// <summary>Whose; null means of no session.</summary>
        public string? Nonce { get; } = nonce;

        /// <summary>What to cut.</summary>
        public ForwardedRequest Request { get; } = request;

        /// <inheritdoc/>
        public void Dispose() => owner.running.TryRemove(this, out _);
    }
}
