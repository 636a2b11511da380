namespace Gatehouse.Model.Settings;

/// <summary>One small fact about the installation, by name (install id, whether set-up is done).</summary>
public sealed class Setting
{
    /// <summary>Stable name.</summary>
    public required string Name { get; init; }

    /// <summary>Its value.</summary>
    public required string Value { get; set; }
}

/// <summary>A secret that Gatehouse made for itself, sealed with the key outside the database.</summary>
public sealed class SealedSecret
{
    /// <summary>Stable name.</summary>
    public required string Name { get; init; }

    /// <summary>Sealed bytes.</summary>
    public required byte[] Sealed { get; set; }
}

/// <summary>Counts the changes of one kind, so that every node sees when its tables are old.</summary>
public sealed class Revision
{
    /// <summary>What changed: a name from <see cref="Gatehouse.Model.Snapshots.Topic"/>.</summary>
    public required string Topic { get; init; }

    /// <summary>Grows by one at each change.</summary>
    public long Value { get; set; }
}
