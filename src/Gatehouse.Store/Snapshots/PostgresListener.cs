using System.Data.Common;
using System.Net.Sockets;
using Gatehouse.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gatehouse.Store.Snapshots;

/// <summary>Listens for announcements of other nodes, so that changes are in force everywhere at once; the poll is the safety net.</summary>
internal sealed partial class PostgresListener(DatabaseTarget target, ChangeSignal signal, TimeProvider clock, ILogger<PostgresListener> logger) : BackgroundService
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    // A connection of its own, outside the pool; the keep-alive finds out when the other end has gone silently.
    private readonly string connectionString =
        new NpgsqlConnectionStringBuilder(target.ConnectionString) { Pooling = false, KeepAlive = 10, ApplicationName = "gatehouse listener" }.ConnectionString;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = FirstWait; !stoppingToken.IsCancellationRequested; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync(stoppingToken);
                wait = FirstWait;
                await ListenAsync(connection, stoppingToken);
            }
            catch (Exception failure) when (failure is DbException or IOException or SocketException or TimeoutException)
            {
                LogLost(failure, wait);
            }

            await Task.Delay(wait, clock, stoppingToken);
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        connection.Notification += (_, _) => signal.Set();
        await using (var listen = connection.CreateCommand())
        {
            listen.CommandText = $"LISTEN {Revisions.Channel}";
            await listen.ExecuteNonQueryAsync(stopping);
        }

        // What was announced while nobody listened has been missed.
        signal.Set();
        while (true)
        {
            await connection.WaitAsync(stopping);
        }
    }

    [LoggerMessage(EventId = 6121, Level = LogLevel.Warning, Message = "The connection that listens for changes was lost; listening again in {Wait}")]
    private partial void LogLost(Exception failure, TimeSpan wait);
}
