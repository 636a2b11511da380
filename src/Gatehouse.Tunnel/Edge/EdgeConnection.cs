using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tunnel.Edge;

/// <summary>One connection of a connector. Here the edge is the HTTP/2 client although the other side dialed.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "Others may close it in the moment it ends; the source holds nothing but memory.")]
internal sealed class EdgeConnection : IDisposable
{
    private const int LargestHeaders = 128; // KiB
    private const int StreamWindow = 256 * 1024;

    private readonly HttpMessageInvoker client;
    private readonly Pulse? pulse;
    private readonly CancellationTokenSource closed = new();
    private readonly TaskCompletionSource retired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Registration? registered;
    private volatile bool isDraining;
    private volatile bool isSilent;
    private int streams;
    private int waiting;
    private int used;

    /// <summary>Takes over <paramref name="stream"/>.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler, the handler the stream once it took it.")]
    public EdgeConnection(Stream stream, IPAddress remote, EdgeOptions options, TimeProvider clock)
    {
        Stream = stream;
        Remote = remote;
        Location = options.Location;
        OpenedAt = clock.GetUtcNow();
        Id = Guid.CreateVersion7(OpenedAt);
        var guarded = stream as GuardedStream;
        pulse = guarded is null ? null : new Pulse(guarded, options.KeepAlive, options.LongestSilence, clock);
        Uploads = new UploadWatch(() => guarded is { IsExhausted: true }, options.StalledUpload, clock);
        client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = 1,
            EnableMultipleHttp2Connections = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            MaxResponseHeadersLength = LargestHeaders,
            InitialHttp2StreamWindowSize = StreamWindow,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectCallback = (_, _) => Interlocked.Exchange(ref used, 1) == 0 ? ValueTask.FromResult(stream) : Retire(),
        });
    }

    /// <summary>Given by us.</summary>
    public Guid Id { get; }

    /// <summary>Where it came from.</summary>
    public IPAddress Remote { get; }

    /// <summary>The edge it came to.</summary>
    public string Location { get; }

    /// <summary>Why we ended it; null when it ended by itself.</summary>
    public string? Why { get; private set; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset OpenedAt { get; }

    /// <summary>The bytes below.</summary>
    public Stream Stream { get; }

    /// <summary>What it registered as; null before.</summary>
    public Registration? Registered
    {
        get => registered;
        set => registered = value;
    }

    /// <summary>Whether it takes no new requests.</summary>
    public bool IsDraining => isDraining;

    /// <summary>Whether it has left a ping unanswered while requests wait; it may come round.</summary>
    public bool IsSilent => isSilent;

    /// <summary>How many requests run on it.</summary>
    public int Streams => Volatile.Read(ref streams);

    /// <summary>Whether any of them has no answer yet.</summary>
    public bool AreWaiting => Volatile.Read(ref waiting) > 0;

    /// <summary>Ends when the connector takes no new requests on it, though it may finish those it has.</summary>
    public Task Retired => retired.Task;

    /// <summary>What goes up on it.</summary>
    public UploadWatch Uploads { get; }

    /// <summary>Signalled when it is closed.</summary>
    public CancellationToken Closed => closed.Token;

    /// <summary>What its connector said to the configuration it was given last; for the first connection of a connector.</summary>
    public ConfigurationReply? Configuration { get; set; }

    /// <summary>The number of that configuration, taken or not; null when it was given none.</summary>
    public int? Offered { get; set; }

    /// <summary>What the connector brought, JSON; empty when nothing.</summary>
    public ReadOnlyMemory<byte> LocalConfiguration { get; private set; }

    /// <summary>A request to the connector. The authority is what the service sees as its host.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string authority, string kind)
    {
        var request = new HttpRequestMessage(method, "http://tunnel/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Host = authority;
        request.Headers.TryAddWithoutValidation(TunnelHeaders.Kind, kind);
        return request;
    }

    /// <summary>Keeps what the connector brought. The same once more is no change.</summary>
    public void TakeLocalConfiguration(ReadOnlySpan<byte> json)
    {
        if (!json.SequenceEqual(LocalConfiguration.Span))
        {
            LocalConfiguration = json.ToArray();
        }
    }

    /// <summary>Takes no new requests from now on.</summary>
    public void Drain() => isDraining = true;

    /// <summary>Counts a request in; disposing counts it out.</summary>
    public IDisposable Enter()
    {
        Interlocked.Increment(ref streams);
        return new Stay(this);
    }

    /// <summary>Looks after its life and the bodies under way. To be called every <see cref="Pulse.Quick"/> or <see cref="Pulse.Slow"/>.</summary>
    public Life Beat(CancellationToken cancellationToken)
    {
        Uploads.Check();
        var life = pulse?.Look(AreWaiting, cancellationToken) ?? Life.Well;
        isSilent = life != Life.Well;
        return life;
    }

    /// <summary>Ends after the last beat.</summary>
    public Task EndBeatAsync() => pulse?.EndAsync() ?? Task.CompletedTask;

    /// <summary>Sends; returns when the headers of the answer are here.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => client.SendAsync(request, cancellationToken);

    /// <summary>Minds that somebody waits for an answer, until <see cref="EndWait"/>.</summary>
    public void BeginWait() => Interlocked.Increment(ref waiting);

    /// <summary>Ends what <see cref="BeginWait"/> began.</summary>
    public void EndWait() => Interlocked.Decrement(ref waiting);

    /// <summary>Closes it, and says why.</summary>
    public void GiveUp(string why)
    {
        Why ??= why;
        (Stream as GuardedStream)?.GiveUp(why);
        Close();
    }

    /// <summary>Closes it; what runs on it fails.</summary>
    public void Close()
    {
        isDraining = true;
        closed.CancelAfter(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        isDraining = true;
        closed.Cancel();
        client.Dispose();
        Stream.Dispose();
    }

    // The client asks for a second line when the first takes nothing more: after a GOAWAY, or when the numbers of streams have run out. There is none.
    private ValueTask<Stream> Retire()
    {
        isDraining = true;
        retired.TrySetResult();
        return ValueTask.FromException<Stream>(new ConnectionGoneException());
    }

    private sealed class Stay(EdgeConnection connection) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                Interlocked.Decrement(ref connection.streams);
            }
        }
    }
}

/// <summary>The connection is over; what was to be sent on it was not sent.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Made in one place, with one meaning.")]
internal sealed class ConnectionGoneException() : IOException("the tunnel connection is over");
