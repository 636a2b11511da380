using System.Collections.Concurrent;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Gateway;

/// <summary>The WebSockets, event streams and long bodies now running, so that ending a session ends them. Short answers never come here.</summary>
internal sealed class LiveStreams : IDisposable
{
    private readonly ConcurrentDictionary<Stream, byte> running = new();
    private readonly ISnapshot<RevocationTable> revocations;
    private readonly IDisposable subscription;

    /// <summary>Begins to listen for ended sessions.</summary>
    public LiveStreams(ISnapshot<RevocationTable> revocations)
    {
        this.revocations = revocations;
        subscription = revocations.OnSwap(Cut);
    }

    /// <summary>How many run now.</summary>
    public int Count => running.Count;

    /// <summary>Whether a session was ended.</summary>
    public bool IsEnded(string nonce) => revocations.Current.IsRevoked(nonce);

    /// <summary>Lists a stream until it is disposed.</summary>
    public Stream Open(string nonce, ForwardedRequest request)
    {
        var stream = new Stream(this, nonce, request);
        running[stream] = 0;

        // The session may have ended after its token was checked.
        if (IsEnded(nonce))
        {
            request.EndSession();
        }

        return stream;
    }

    /// <inheritdoc/>
    public void Dispose() => subscription.Dispose();

    private void Cut(RevocationTable table)
    {
        foreach (var (stream, _) in running)
        {
            if (table.IsRevoked(stream.Nonce))
            {
                stream.Request.EndSessionSoon();
            }
        }
    }

    /// <summary>A place in the list.</summary>
    internal sealed class Stream(LiveStreams owner, string nonce, ForwardedRequest request) : IDisposable
    {
        /// <summary>Whose.</summary>
        public string Nonce { get; } = nonce;

        /// <summary>What to cut.</summary>
        public ForwardedRequest Request { get; } = request;

        /// <inheritdoc/>
        public void Dispose() => owner.running.TryRemove(this, out _);
    }
}
