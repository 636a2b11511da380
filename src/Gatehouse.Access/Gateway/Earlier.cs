namespace Gatehouse.Access.Gateway;

/// <summary>Compares ends, where null means that there is none.</summary>
internal static class Earlier
{
    /// <summary>The earlier of two ends; null when there is neither.</summary>
    public static DateTimeOffset? Of(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;
}
