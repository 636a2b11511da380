using Gatehouse.Store.Secrets;

namespace Gatehouse.Store;

/// <summary>Settings of the store.</summary>
public sealed class StoreOptions
{
    /// <summary>Folder of the root key and of the SQLite database. Made when missing, for its owner only.</summary>
    public required string DataFolder { get; init; }

    /// <summary>A URL, <c>postgres://user:password@host:port/database?sslmode=require</c>; null means SQLite in <see cref="DataFolder"/>.</summary>
    public string? Database { get; init; }

    /// <summary>Base64 of the 32 bytes of the root key; null means the file <c>root.key</c> in <see cref="DataFolder"/>. The default is the environment's <c>GATEHOUSE_SECRET_KEY</c>.</summary>
    public string? SecretKey { get; init; } = Environment.GetEnvironmentVariable(RootKey.Variable);

    /// <summary>A MaxMind database (<c>.mmdb</c>) that says where addresses are; null means that nothing does.</summary>
    public string? PlacesFile { get; init; }

    /// <summary>The same of networks (ASN), beside the other or alone.</summary>
    public string? NetworksFile { get; init; }

    /// <summary>Whether other nodes may run over the same database; null means that they may on PostgreSQL.</summary>
    public bool? IsShared { get; init; }

    /// <summary>What tells this node from others over the same database, in each run of it; null means its machine and <see cref="DataFolder"/>.</summary>
    public string? Node { get; init; }

    /// <summary>How often a node asks the database whether its tables are old. Default 5 seconds.</summary>
    public TimeSpan PollEvery { get; init; } = TimeSpan.FromSeconds(5);
}
