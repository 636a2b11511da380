using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Edge;

/// <summary>Sends requests down tunnels; to another connection when the first one failed in a way that makes that safe.</summary>
internal sealed partial class TunnelSender(
    ISnapshot<AccessTable> tables, ConnectionRegistry registry, OtherNodes others, TunnelNotes notes, TimeProvider clock, ILogger<TunnelSender> logger) : ITunnelSender
{
    private const int MostTries = 4;

    /// <inheritdoc/>
    public async Task<HttpResponseMessage> SendAsync(Guid tunnel, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var host = request.Headers.Host ?? "";
        try
        {
            var outgoing = OutgoingRequest.Shape(request, tables.Current.Tunnels.GetValueOrDefault(tunnel)?.Ingress);
            var response = await TryAsync(tunnel, request, outgoing, cancellationToken);
            notes.NoteWell(tunnel, host);
            return response;
        }
        catch (TunnelFaultException fault)
        {
            notes.Note(tunnel, new TunnelFault(fault.Hop, fault.Message, host, clock.GetUtcNow()));
            throw;
        }
    }

    private async Task<HttpResponseMessage> TryAsync(Guid tunnel, HttpRequestMessage request, OutgoingRequest outgoing, CancellationToken cancellationToken)
    {
        var tried = new List<EdgeConnection>();
        for (var lost = 0; ;)
        {
            if (registry.Pick(tunnel, tried) is not { } connection)
            {
                throw tried.Count > 0 ? Lost()
                    : others.Hold(tunnel) ? new TunnelFaultException(TunnelHop.Edge, 502, "has connectors at other nodes of Gatehouse and none at this one: give them the edges of all nodes")
                    : new TunnelFaultException(TunnelHop.Edge, 502, "has no connector connected: start it, or look at its log");
            }

            tried.Add(connection);
            try
            {
                return await SendOnAsync(connection, request, outgoing, cancellationToken);
            }
            catch (HttpRequestException fault) when (!outgoing.HasBegunBody && IsNotSent(fault))
            {
                LogOver(connection.Id, "it takes no more"); // not a try: nothing was sent
            }
            catch (ObjectDisposedException) when (!outgoing.HasBegunBody && connection.Closed.IsCancellationRequested)
            {
                LogOver(connection.Id, "it was closed"); // as little
            }
            catch (HttpRequestException fault) when (++lost < MostTries && IsSafeToRepeat(fault, request, outgoing))
            {
                var reason = fault.GetBaseException().Message;
                LogOver(connection.Id, reason);
            }
            catch (HttpRequestException fault)
            {
                throw Explain(fault);
            }
        }
    }

    private static async Task<HttpResponseMessage> SendOnAsync(EdgeConnection connection, HttpRequestMessage request, OutgoingRequest outgoing, CancellationToken cancellationToken)
    {
        var stay = connection.Enter();
        HttpResponseMessage? response = null;
        try
        {
            outgoing.PutOn(request, connection);
            connection.BeginWait();
            try
            {
                response = await connection.SendAsync(request, cancellationToken);
            }
            finally
            {
                connection.EndWait();
            }

            var shaped = await IncomingResponse.ShapeAsync(response, outgoing, stay, cancellationToken);
            (stay, response) = (null, null);
            return shaped;
        }
        catch (Exception fault) when (fault is not HttpRequestException && Find<StalledUploadException>(fault) is { } stalled)
        {
            throw new TunnelFaultException(TunnelHop.Http, 504, stalled.Message, fault);
        }
        finally
        {
            response?.Dispose();
            stay?.Dispose();
        }
    }

    // RFC 9110 §9.2.2: what was not processed may be sent again; of what may have been, only what changes nothing and has no body.
    private static bool IsSafeToRepeat(HttpRequestException fault, HttpRequestMessage request, OutgoingRequest outgoing)
    {
        if (outgoing.HasBegunBody)
        {
            return false;
        }

        var isLost = Find<HttpProtocolException>(fault) is null && Find<IOException>(fault) is not null;
        return isLost && !outgoing.IsWebSocket && request.Content is null && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head || request.Method == HttpMethod.Options);
    }

    private static bool IsNotSent(HttpRequestException fault) => Find<ConnectionGoneException>(fault) is not null;

    private static TunnelFaultException Explain(HttpRequestException fault) =>
        Find<StalledUploadException>(fault) is { } stalled ? new(TunnelHop.Http, 504, stalled.Message, fault)
        : Find<HttpProtocolException>(fault) is not null ? new(TunnelHop.Http, 502, "broke off before there was an answer", fault)
        : Find<InvalidDataException>(fault) is not null ? new(TunnelHop.Connector, 502, "was cut off, because its connector sent what it may not", fault)
        : fault.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded ? new(TunnelHop.Http, 502, "sent headers that are too long", fault)
        : Lost(fault);

    private static TunnelFaultException Lost(Exception? fault = null) => new(TunnelHop.Connector, 502, "lost its connection to the connector before there was an answer", fault);

    private static T? Find<T>(Exception? fault)
        where T : Exception
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if (fault is T found)
            {
                return found;
            }
        }

        return null;
    }

    [LoggerMessage(EventId = 4108, Level = LogLevel.Debug, Message = "A request goes over from tunnel connection {Connection} to another: {Reason}")]
    private partial void LogOver(Guid connection, string reason);
}
