namespace Gatehouse.Model.Snapshots;

/// <summary>A table in memory that is swapped whole. Read <see cref="Current"/> once per request.</summary>
public interface ISnapshot<out T>
    where T : class
{
    /// <summary>The table now in force.</summary>
    T Current { get; }

    /// <summary>When the store last said that this table is up to date.</summary>
    DateTimeOffset ConfirmedAt { get; }

    /// <summary>Runs <paramref name="action"/> after each swap, until disposed.</summary>
    IDisposable OnSwap(Action<T> action);
}

/// <summary>What changed: the names under which changes are announced.</summary>
public static class Topic
{
    /// <summary>Apps, policies, groups, login methods, hostnames, keys and the organization.</summary>
    public const string Access = "access";

    /// <summary>Ended sessions.</summary>
    public const string Revocations = "revocations";

    /// <summary>Identity's providers, applications, keys and flows.</summary>
    public const string Identity = "identity";

    /// <summary>What nodes are asked to close of the connections of tunnels.</summary>
    public const string Connections = "connections";
}
