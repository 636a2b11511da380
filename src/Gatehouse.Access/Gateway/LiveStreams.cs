using System.Collections.Concurrent;
using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Access.Gateway;

/// <summary>The WebSockets, event streams and long bodies now running, so that the end of a session or of the process ends them, and <see cref="StreamWatch"/> can judge them again. Short answers never come here.</summary>
internal sealed class LiveStreams : IDisposable
{
    private readonly ConcurrentDictionary<Stream, byte> running = new();
    private readonly ISnapshot<RevocationTable> revocations;
    private readonly IHostApplicationLifetime lifetime;
    private readonly IDisposable subscription;
    private readonly CancellationTokenRegistration stopping;

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

    /// <summary>All that run now.</summary>
    public IEnumerable<Stream> Running => running.Select(r => r.Key);

    /// <summary>Whether the session was ended on whose behalf something runs; null is nobody's.</summary>
    public bool IsEnded(string? nonce) => nonce is not null && revocations.Current.IsRevoked(nonce);

    /// <summary>Lists a stream until it is disposed.</summary>
    public Stream Open(Passage passage, ForwardedRequest request)
    {
        var stream = new Stream(this, passage, request);
        running[stream] = 0;

        // The session may have ended after its token was checked.
        if (IsEnded(passage.Admission.Nonce))
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
            if (stream.Passage.Admission.Nonce is { } nonce && table.IsRevoked(nonce))
            {
                stream.Request.EndSessionSoon();
            }
        }
    }

    /// <summary>A place in the list.</summary>
    internal sealed class Stream(LiveStreams owner, Passage passage, ForwardedRequest request) : IDisposable
    {
        /// <summary>What it was let through for.</summary>
        public Passage Passage { get; } = passage;

        /// <summary>What to cut.</summary>
        public ForwardedRequest Request { get; } = request;

        /// <inheritdoc/>
        public void Dispose() => owner.running.TryRemove(this, out _);
    }
}
