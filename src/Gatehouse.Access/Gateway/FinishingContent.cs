using System.Net;

namespace Gatehouse.Access.Gateway;

/// <summary>A body without an end of its own, which ends when it is told to.</summary>
internal sealed class FinishingContent(HttpContent inner, CancellationToken finish) : HttpContent
{
    /// <inheritdoc/>
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new FinishingStream(await inner.ReadAsStreamAsync(cancellationToken), finish);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class FinishingStream(Stream stream, CancellationToken finish) : AsyncStream
    {
        public override bool CanRead => true;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (finish.IsCancellationRequested)
            {
                return 0;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(finish, cancellationToken);
            try
            {
                return await stream.ReadAsync(buffer, either.Token);
            }
            catch (OperationCanceledException) when (finish.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return 0;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
