using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// What goes up on one connection: bodies of requests, sockets, answers on the control stream. When a connector takes no more of any because
/// services have stopped reading, what has stood longest is given up for the sake of the others. Nobody is who stands in nobody's way.
/// </summary>
internal sealed class UploadWatch(Func<bool> isExhausted, TimeSpan limit, TimeProvider clock)
{
    private const int Least = 32 * 1024; // who has sent less holds nobody up

    private static readonly TimeSpan Waiting = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Upload, byte> uploads = new();
    private readonly TimeProvider clock = clock;
    private long? gaveUpAt;

    /// <summary>Watches a body.</summary>
    public HttpContent Watch(HttpContent body) => new WatchedContent(this, body);

    /// <summary>Watches what is written to a stream until it is disposed of.</summary>
    public Upload Begin(Stream to, bool mayBeGivenUp, CancellationToken cancellationToken)
    {
        var upload = new Upload(this, to, mayBeGivenUp, cancellationToken);
        uploads[upload] = 0;
        return upload;
    }

    /// <summary>Gives up what is in the way of others, if anything is.</summary>
    public void Check()
    {
        // What the last one held takes its time to come back.
        if (!isExhausted() || (gaveUpAt is { } last && clock.GetElapsedTime(last) < Waiting))
        {
            return;
        }

        Upload? oldest = null;
        var (longest, stuck) = (limit, 0);
        foreach (var (upload, _) in uploads)
        {
            if (upload.StuckFor() is not { } stuckFor || stuckFor < Waiting)
            {
                continue;
            }

            stuck++;
            if (upload.MayBeGivenUp && stuckFor > longest)
            {
                (oldest, longest) = (upload, stuckFor);
            }
        }

        if (stuck > 1 && oldest is not null)
        {
            gaveUpAt = clock.GetTimestamp();
            oldest.GiveUp();
        }
    }

    /// <summary>Something on its way up.</summary>
    internal sealed class Upload(UploadWatch owner, Stream to, bool mayBeGivenUp, CancellationToken known) : AsyncStream
    {
        private readonly CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(known);
        private readonly Lock gate = new();
        private bool isOver; // guarded by gate
        private long beganAt; // zero while nothing waits
        private long written;
        private volatile bool isGivenUp;

        /// <inheritdoc/>
        public override bool CanWrite => true;

        /// <summary>Whether it was given up.</summary>
        public bool IsGivenUp => isGivenUp;

        /// <summary>Whether it may be.</summary>
        public bool MayBeGivenUp => mayBeGivenUp && Interlocked.Read(ref written) >= Least;

        /// <summary>For how long it has waited to be taken; null when it does not.</summary>
        public TimeSpan? StuckFor() => Volatile.Read(ref beganAt) is var began && began == 0 ? null : owner.clock.GetElapsedTime(began);

        /// <summary>Ends it.</summary>
        public void GiveUp()
        {
            lock (gate)
            {
                if (!isOver)
                {
                    isGivenUp = true;
                    over.CancelAfter(TimeSpan.Zero); // on a thread of its own
                }
            }
        }

        /// <inheritdoc/>
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            using var either = cancellationToken == known || !cancellationToken.CanBeCanceled ? null : CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
            Volatile.Write(ref beganAt, owner.clock.GetTimestamp());
            Interlocked.Add(ref written, buffer.Length);
            await to.WriteAsync(buffer, either?.Token ?? over.Token);
            Volatile.Write(ref beganAt, 0);
        }

        /// <inheritdoc/>
        public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            owner.uploads.TryRemove(this, out _);
            lock (gate)
            {
                isOver = true;
            }

            over.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class WatchedContent : HttpContent
    {
        private readonly UploadWatch owner;
        private readonly HttpContent inner;

        public WatchedContent(UploadWatch owner, HttpContent inner)
        {
            this.owner = owner;
            this.inner = inner;
            foreach (var (name, values) in inner.Headers.NonValidated)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var upload = owner.Begin(stream, mayBeGivenUp: true, cancellationToken);
            try
            {
                await inner.CopyToAsync(upload, context, cancellationToken);
            }
            catch (OperationCanceledException) when (upload.IsGivenUp) // which ends the token of the whole body too
            {
                throw new StalledUploadException();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return inner.Headers.ContentLength is { } known && (length = known) >= 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>An upload was given up because the service did not read it while others waited.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Made in one place, with one meaning.")]
internal sealed class StalledUploadException() : IOException("the service stopped reading the request while others waited");
