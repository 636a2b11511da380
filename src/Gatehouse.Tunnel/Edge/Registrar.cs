using System.Security.Cryptography;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tunnel.Edge;

/// <summary>
/// Decides who may register. Connectors of the stock kind end their process on any refusal that does not hold the word <c>Unauthorized</c>;
/// so that word stands in every refusal that may heal.
/// </summary>
internal sealed partial class Registrar(
    ISnapshot<AccessTable> tables, ConnectionRegistry registry, TunnelNotes notes, IOptions<EdgeOptions> options, TimeProvider clock, ILogger<Registrar> logger)
{
    private static readonly RegistrationAnswer.Refused BadCredentials = new("Unauthorized: Invalid tunnel secret", TimeSpan.FromSeconds(60), ShouldRetry: false);
    private static readonly RegistrationAnswer.Refused Deleted = new("This tunnel has been deleted", TimeSpan.FromMinutes(10), ShouldRetry: false);
    private static readonly RegistrationAnswer.Refused TooMany = new("Unauthorized: too many connections of this tunnel, try again later", TimeSpan.FromSeconds(60), ShouldRetry: true);
    private static readonly RegistrationAnswer.Refused Leaving = new("Unauthorized: the edge is shutting down, try again", TimeSpan.FromSeconds(1), ShouldRetry: true);

    private const string NoHost = ""; // no request asked for one

    // Stands in for tunnels that do not exist, so that they take as long to refuse.
    private readonly byte[] nobody = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    /// <summary>Answers a registration; an accepted one is in the registry then.</summary>
    public RegistrationAnswer Decide(EdgeConnection connection, Registration asked)
    {
        var table = tables.Current;
        var entry = table.Tunnels.GetValueOrDefault(asked.TunnelId);
        var knows = Knows(entry, asked.Secret);
        if (!knows || entry is null || !IsOurs(table, asked))
        {
            return Refused(BadCredentials, entry, asked, connection, "wrong account, tunnel or secret");
        }

        if (entry.IsDeleted)
        {
            return Refused(Deleted, null, asked, connection, "the tunnel was deleted");
        }

        switch (registry.TryAdd(connection, asked, options.Value.ConnectionsPerTunnel))
        {
            case AddResult.Full:
                return Refused(TooMany, entry, asked, connection, "too many connections");
            case AddResult.Closing:
                return Leaving;
            default:
                notes.NoteWell(asked.TunnelId, NoHost);
                LogAccepted(entry.Tunnel.Name, asked.ConnectorId, asked.Index, connection.Remote, asked.Version);
                return new RegistrationAnswer.Accepted(connection.Id, options.Value.Location, entry.Tunnel.IsRemotelyManaged);
        }
    }

    private RegistrationAnswer.Refused Refused(RegistrationAnswer.Refused answer, TunnelEntry? entry, Registration asked, EdgeConnection connection, string why)
    {
        LogRefused(asked.TunnelId, connection.Remote, why);
        if (entry is { IsDeleted: false })
        {
            notes.Note(asked.TunnelId, new TunnelFault(TunnelHop.Connector, $"a connector from {connection.Remote} was refused: {why}", NoHost, clock.GetUtcNow()));
        }

        return answer;
    }

    /// <summary>Whether a connection may stay: its tunnel is there and has the secret it registered with.</summary>
    public static string? FaultOf(AccessTable table, Registration registered) =>
        table.Tunnels.GetValueOrDefault(registered.TunnelId) is not { IsDeleted: false } entry ? "its tunnel was deleted"
        : !entry.Knows(registered.Secret) ? "the tunnel's secret was changed"
        : null;

    private static bool IsOurs(AccessTable table, Registration asked) =>
        CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(asked.AccountTag), System.Text.Encoding.UTF8.GetBytes(table.Organization.Id));

    private bool Knows(TunnelEntry? entry, byte[] secret) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(secret), entry?.SecretHash ?? nobody);

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "A connector of tunnel {Tunnel} from {Remote} was refused: {Reason}")]
    private partial void LogRefused(Guid tunnel, System.Net.IPAddress remote, string reason);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Information, Message = "Tunnel {Name}: connector {Connector} registered connection {Index} from {Remote} (version {Version})")]
    private partial void LogAccepted(string name, Guid connector, byte index, System.Net.IPAddress remote, string version);
}
