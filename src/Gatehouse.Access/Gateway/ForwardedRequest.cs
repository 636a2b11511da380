using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>One request on its way: its deadline, and its place among the live streams once it turns out to be one.</summary>
internal sealed class ForwardedRequest(Passage passage, LiveStreams streams, TimeSpan responseTimeout, TimeProvider clock) : IDisposable
{
    // Shorter bodies are over before anyone could cut them.
    private const long ShortBody = 1024 * 1024;

    // What a browser gets to read the close frame of a WebSocket.
    private static readonly TimeSpan Farewell = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource cut = new(responseTimeout, clock);
    private CancellationTokenSource? finish; // made when it is needed, looked at by the thread that ends the process
    private bool isGoing; // set by that thread
    private LiveStreams.Stream? stream;
    private volatile bool isAnswered; // the body may still move, on another thread
    private volatile WebSocketStream? webSocket; // set once, looked at by the thread that ends the session
    private bool isSessionEnded; // set by the thread that ends the session

    /// <summary>Signalled when the origin is too late, or the session has ended.</summary>
    public CancellationToken Cut => cut.Token;

    /// <summary>Whether the session ended meanwhile, or whatever else it was admitted by.</summary>
    public bool IsSessionEnded
    {
        get => Volatile.Read(ref isSessionEnded);
        private set => Volatile.Write(ref isSessionEnded, value);
    }

    /// <summary>Whether an upgraded stream has been ended by the origin or by us.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether the origin began no answer in time.</summary>
    public bool IsTooLate => !isAnswered && !IsSessionEnded && cut.IsCancellationRequested;

    /// <summary>Looks at the request before it leaves: while its body moves, the deadline moves too.</summary>
    public void OnRequest(HttpContext context, bool hasBody)
    {
        if (!hasBody)
        {
            return;
        }

        context.Request.Body = new ProgressStream(context.Request.Body, OnProgress);
        if (context.Request.ContentLength is null or > ShortBody)
        {
            Enlist();
        }
    }

    /// <summary>The answer has begun: no more deadline; a long one can be cut when the session ends.</summary>
    public void OnAnswer(HttpContext context, bool isUpgrade)
    {
        isAnswered = true;
        MoveDeadline(Timeout.InfiniteTimeSpan);
        if (isUpgrade || MayBeLong(context))
        {
            Enlist();
        }
        else if (streams.IsEnded(passage.Admission.Nonce))
        {
            EndSession();
        }
    }

    /// <summary>It has become a WebSocket.</summary>
    public void OnWebSocket(WebSocketStream opened)
    {
        webSocket = opened;
        if (Volatile.Read(ref isGoing))
        {
            GoAway();
        }
    }

    /// <summary>It has become an answer without an end of its own. Signalled when it is to end here, as if the origin had ended it.</summary>
    public CancellationToken OnEndless()
    {
        var made = new CancellationTokenSource();
        Interlocked.Exchange(ref finish, made);
        if (Volatile.Read(ref isGoing))
        {
            made.Cancel();
        }

        return made.Token;
    }

    /// <summary>The origin has ended an upgraded stream: the browser gets a moment for its last words, or it could hold both for an hour.</summary>
    public void OnOriginEnd()
    {
        IsOver = true;
        MoveDeadline(LastWords);
    }

    /// <summary>Cuts it now, because its session has ended. For its own thread.</summary>
    public void EndSession()
    {
        IsSessionEnded = true;
        cut.Cancel();
    }

    /// <summary>Cuts it soon, on a thread of its own: the caller has many to cut. Nothing passes a WebSocket any more when this returns, but its browser is told why. False when it was cut before.</summary>
    public bool EndSessionSoon()
    {
        if (IsSessionEnded)
        {
            return false; // the next table says it again
        }

        IsSessionEnded = true;
        if (webSocket?.CloseAsync(WebSocketStream.PolicyViolation, CancellationToken.None) is { IsFaulted: false } told)
        {
            // Whether it could be told or not, half a second later it is over.
            cut.CancelAfter(told is { IsCompletedSuccessfully: true, Result: false } ? TimeSpan.Zero : Farewell);
            return true;
        }

        cut.CancelAfter(TimeSpan.Zero);
        return true;
    }

    /// <summary>
    /// Ends what has no end of its own, because the process ends: a WebSocket is closed, an event stream ends whole. Bodies that do end get the
    /// web server's time for it; cut short they would look whole.
    /// </summary>
    public void GoAway()
    {
        Interlocked.Exchange(ref isGoing, true);
        Volatile.Read(ref finish)?.CancelAfter(TimeSpan.Zero);
        if (IsSessionEnded || webSocket is not { } open)
        {
            return;
        }

        IsOver = true;
        var told = open.CloseAsync(WebSocketStream.GoingAway, CancellationToken.None);
        MoveDeadline(told is { IsFaulted: true } or { IsCompletedSuccessfully: true, Result: false } ? TimeSpan.Zero : Farewell);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A stream may be cut in this very moment by another thread; its source is left to the collector.
        if (stream is null)
        {
            cut.Dispose();
        }
        else
        {
            cut.CancelAfter(Timeout.InfiniteTimeSpan);
            stream.Dispose();
        }
    }

    private static bool MayBeLong(HttpContext context) =>
        context.Response.ContentLength is var length
        && (length > ShortBody || (length is null && !HttpMethods.IsHead(context.Request.Method) && context.Response.StatusCode is not (204 or 304)));

    private void OnProgress()
    {
        if (isAnswered)
        {
            return;
        }

        MoveDeadline(responseTimeout);
        if (isAnswered)
        {
            // The answer began just now, on its own thread.
            MoveDeadline(Timeout.InfiniteTimeSpan);
        }
    }

    // The end of the session goes by the same timer, so it must not be moved away: its flag is set before it sets the timer.
    private void MoveDeadline(TimeSpan to)
    {
        cut.CancelAfter(to);
        if (IsSessionEnded)
        {
            cut.Cancel();
        }
    }

    private void Enlist() => stream ??= streams.Open(passage, this);
}
