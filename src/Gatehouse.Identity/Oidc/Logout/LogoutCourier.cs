using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Logout;

/// <summary>
/// Posts logout tokens for the notices that stand in the database, until each client has taken its own. Any node does; whoever moves a
/// notice's time on first has it, and when that node dies, its turn comes round again.
/// </summary>
internal sealed partial class LogoutCourier(
    IServiceScopeFactory scopes, IDbContextFactory<GatehouseDb> databases, LogoutTokens tokens, IHttpClientFactory http, TimeProvider clock, ILogger<LogoutCourier> logger)
    : BackgroundService
{
    private const int MostAtOnce = 16;

    // A client that hangs must not take all hands.
    private const int MostOfOneClient = 4;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookSoon = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<int, int> underWay = new();

    /// <summary>Delivers what is due now, and returns when all of it was tried once.</summary>
    public Task DeliverDueAsync(CancellationToken cancellationToken) => RunAsync(waits: false, cancellationToken);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(waits: true, stoppingToken);

    private Task RunAsync(bool waits, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        DueAsync(waits, cancellationToken),
        new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken },
        async (notice, stopping) =>
        {
            await TryAsync(() => DeliverAsync(notice, stopping));
            underWay.AddOrUpdate(notice.ProviderId, 0, (_, count) => count - 1);
        });

    private async IAsyncEnumerable<LogoutNotice> DueAsync(bool waits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            LogoutNotice? taken = null;
            await TryAsync(async () => taken = await TakeAsync(cancellationToken));
            if (taken is not null)
            {
                underWay.AddOrUpdate(taken.ProviderId, 1, (_, count) => count + 1);
                yield return taken;
            }
            else if (underWay.Any(c => c.Value > 0))
            {
                await Task.Delay(LookSoon, clock, cancellationToken); // what is due may have to wait for a hand of its client's four
            }
            else if (waits)
            {
                await Task.Delay(LookEvery, clock, cancellationToken);
            }
            else
            {
                yield break;
            }
        }
    }

    private async Task<LogoutNotice?> TakeAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var busy = underWay.Where(c => c.Value >= MostOfOneClient).Select(c => c.Key).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        while (await db.LogoutNotices.AsNoTracking().Where(n => n.NextAt <= now && !busy.Contains(n.ProviderId)).OrderBy(n => n.NextAt).FirstOrDefaultAsync(cancellationToken) is { } due)
        {
            var turn = now + Turn;
            if (await db.LogoutNotices.Where(n => n.Id == due.Id && n.NextAt == due.NextAt).ExecuteUpdateAsync(
                n => n.SetProperty(x => x.NextAt, turn).SetProperty(x => x.Attempts, x => x.Attempts + 1), cancellationToken) == 1)
            {
                due.Attempts++;
                return due;
            }
        }

        return null;
    }

    private async Task DeliverAsync(LogoutNotice notice, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GatehouseDb>();
        var client = scope.ServiceProvider.GetRequiredService<ClientDirectory>().Find(notice.ProviderId);
        if (client is not { Application: not null, Provider: { LogoutUri.Length: > 0, LogoutMethod: LogoutMethod.Backchannel } })
        {
            LogNowhere(notice.ProviderId); // an administrator took the address away in between
            await ForgetAsync(db, notice, cancellationToken);
            return;
        }

        var fault = await tokens.MakeAsync(client, notice, cancellationToken) is { } token
            ? await PostAsync(client.Provider.LogoutUri, token, cancellationToken)
            : "the client's tokens can't be signed";
        if (fault is null)
        {
            LogDelivered(client.Provider.ClientId, notice.Attempts);
            await ForgetAsync(db, notice, cancellationToken);
            return;
        }

        await PutOffAsync(db, notice, client.Provider.ClientId, fault, cancellationToken);
    }

    // Null when the client has taken it. What it answers beyond that is of no interest, and a redirect is none we follow.
    private async Task<string?> PostAsync(string uri, string token, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Deadline, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var client = http.CreateClient("upstream");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(uri)) { Content = new FormUrlEncodedContent([new("logout_token", token)]) };
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return response.IsSuccessStatusCode ? null : $"it answered {(int)response.StatusCode}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"it did not answer within {Deadline.TotalSeconds:0} seconds";
        }
        catch (HttpRequestException failure)
        {
            return $"it can't be reached ({failure.HttpRequestError})";
        }
    }

    private static Task<int> ForgetAsync(GatehouseDb db, LogoutNotice notice, CancellationToken cancellationToken) =>
        db.LogoutNotices.Where(n => n.Id == notice.Id).ExecuteDeleteAsync(cancellationToken);

    private async Task PutOffAsync(GatehouseDb db, LogoutNotice notice, string clientId, string fault, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var doubled = FirstWait * Math.Pow(2, Math.Min(notice.Attempts - 1, 20));
        var next = now + (doubled < LongestWait ? doubled : LongestWait);
        if (next >= notice.ExpiresAt)
        {
            LogGivenUp(clientId, fault, notice.Attempts);
            await ForgetAsync(db, notice, cancellationToken);
            return;
        }

        LogPutOff(clientId, fault, notice.Attempts, next);
        await db.LogoutNotices.Where(n => n.Id == notice.Id).ExecuteUpdateAsync(n => n.SetProperty(x => x.NextAt, next), cancellationToken);

        // The others of this client would find the same: they wait as long, and its recovery is met by a few calls, not by all.
        await db.LogoutNotices.Where(n => n.ProviderId == notice.ProviderId && n.NextAt <= now).ExecuteUpdateAsync(n => n.SetProperty(x => x.NextAt, next), cancellationToken);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps a notice from being sent, its turn comes round again; the failure is logged.")]
    private async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(EventId = 2130, Level = LogLevel.Information, Message = "Client {ClientId} was told of a logout (attempt {Attempt})")]
    private partial void LogDelivered(string clientId, int attempt);

    [LoggerMessage(EventId = 2131, Level = LogLevel.Warning, Message = "Client {ClientId} could not be told of a logout: {Fault} (attempt {Attempt}, next at {Next})")]
    private partial void LogPutOff(string clientId, string fault, int attempt, DateTimeOffset next);

    [LoggerMessage(EventId = 2132, Level = LogLevel.Error, Message = "Client {ClientId} was never told of a logout: {Fault} (given up after {Attempts} attempts)")]
    private partial void LogGivenUp(string clientId, string fault, int attempts);

    [LoggerMessage(EventId = 2133, Level = LogLevel.Warning, Message = "A notice of logout was dropped: provider {ProviderId} has no address for it any more")]
    private partial void LogNowhere(int providerId);

    [LoggerMessage(EventId = 2124, Level = LogLevel.Error, Message = "Notices of logout can't be worked on; trying again")]
    private partial void LogFailed(Exception failure);
}
