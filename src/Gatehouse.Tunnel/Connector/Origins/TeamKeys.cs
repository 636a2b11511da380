using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>
/// The keys of one team domain. While the domain is away those that are known go on for an hour, so that a service does not go down with it;
/// one request at a time asks again, and nobody waits for that who has keys.
/// </summary>
internal sealed partial class TeamKeys(string issuer, KeyFetcher fetcher, TimeProvider clock, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Last = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim fetching = new(1, 1);
    private volatile Fetched? known;
    private volatile Failure? failure; // of the last try; null when it went well

    /// <summary>The keys, fetched at most so long ago while the domain answers; null when there are none.</summary>
    public async Task<IList<JsonWebKey>?> GetAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (Younger(atMost) is { } fresh)
        {
            return fresh;
        }

        // Only who asks for a key that may be new, or has none at all, waits for another's answer.
        var waits = known is null || (failure is null && atMost <= Rest);
        if (!await fetching.WaitAsync(waits ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellationToken))
        {
            if (Younger(Last) is { } kept)
            {
                return kept;
            }

            await fetching.WaitAsync(cancellationToken);
        }

        try
        {
            return Younger(atMost) ?? await FetchAsync(cancellationToken) ?? Younger(Last);
        }
        finally
        {
            fetching.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fetching.Dispose();

    private IList<JsonWebKey>? Younger(TimeSpan than) => known is { } found && clock.GetElapsedTime(found.At) < than ? found.Keys : null;

    private async Task<IList<JsonWebKey>?> FetchAsync(CancellationToken cancellationToken)
    {
        if (failure is { } last && clock.GetElapsedTime(last.At) < Rest)
        {
            return null;
        }

        try
        {
            var json = await fetcher.FetchAsync(new Uri(issuer + "/cdn-cgi/access/certs"), cancellationToken);
            known = new Fetched(new JsonWebKeySet(json).Keys, clock.GetTimestamp());
            failure = null;
            return known.Keys;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or ArgumentException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            failure = new Failure(clock.GetTimestamp());
            LogNoKeys(issuer, fault.GetBaseException().Message);
            return null;
        }
    }

    [LoggerMessage(EventId = 4216, Level = LogLevel.Warning, Message = "The keys at {Issuer}/cdn-cgi/access/certs can't be read: {Reason}")]
    private partial void LogNoKeys(string issuer, string reason);

    private sealed record Fetched(IList<JsonWebKey> Keys, long At);

    private sealed record Failure(long At);
}
