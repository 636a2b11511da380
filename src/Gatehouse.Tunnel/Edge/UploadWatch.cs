using System.Collections.Concurrent;
using System.Net;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// The request bodies on one connection. A connector whose window for the whole connection is no larger than that of one stream stands still
/// altogether when one service stops reading; then the body that has stood longest is given up.
/// </summary>
internal sealed class UploadWatch(TimeSpan limit, TimeProvider clock)
{
    private static readonly TimeSpan Waiting = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Upload, byte> uploads = new();
    private readonly TimeProvider clock = clock;

    /// <summary>Watches a body.</summary>
    public HttpContent Watch(HttpContent body) => new WatchedContent(this, body);

    /// <summary>Gives up the body in the way of others, if there is one.</summary>
    public void Check()
    {
        Upload? oldest = null;
        var stuck = 0;
        foreach (var (upload, _) in uploads)
        {
            if (upload.StuckFor() is not { } stuckFor || stuckFor < Waiting)
            {
                continue;
            }

            stuck++;
            oldest = oldest is null || stuckFor > oldest.StuckFor() ? upload : oldest;
        }

        if (stuck > 1 && oldest!.StuckFor() > limit) // not null: something is stuck
        {
            oldest.GiveUp();
        }
    }

    /// <summary>One body on its way.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2213", Justification = "It may be given up in the moment it ends; the source holds nothing but memory.")]
    private sealed class Upload(UploadWatch owner) : IDisposable
    {
        private readonly CancellationTokenSource over = new();
        private long beganAt; // zero while nothing waits

        public CancellationToken Over => over.Token;

        public TimeSpan? StuckFor() => Volatile.Read(ref beganAt) is var began && began == 0 ? null : owner.clock.GetElapsedTime(began);

        public void Begin() => Volatile.Write(ref beganAt, owner.clock.GetTimestamp());

        public void End() => Volatile.Write(ref beganAt, 0);

        public void GiveUp() => over.CancelAfter(TimeSpan.Zero); // on a thread of its own

        public void Dispose() => owner.uploads.TryRemove(this, out _);
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
            using var upload = new Upload(owner);
            owner.uploads[upload] = 0;
            await using var watched = new WatchedStream(stream, upload);
            try
            {
                await inner.CopyToAsync(watched, context, cancellationToken);
            }
            catch (OperationCanceledException) when (upload.Over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
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

    private sealed class WatchedStream(Stream to, Upload upload) : AsyncStream
    {
        public override bool CanWrite => true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, upload.Over);
            upload.Begin();
            await to.WriteAsync(buffer, either.Token);
            upload.End();
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);
    }
}

/// <summary>An upload was given up because the service did not read it while others waited.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032", Justification = "Made in one place, with one meaning.")]
internal sealed class StalledUploadException() : IOException("the service stopped reading the request while others waited");
