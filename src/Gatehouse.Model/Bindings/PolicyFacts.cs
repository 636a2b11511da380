using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Bindings;

/// <summary>All that policies may look at, gathered before they are asked.</summary>
public sealed class PolicyFacts
{
    /// <summary>Who is judged.</summary>
    public required PersonFacts Person { get; init; }

    /// <summary>Client address; null when there is none, or none that can be read.</summary>
    public string? ClientIp { get; init; }

    /// <summary>More facts, by name.</summary>
    public IReadOnlyDictionary<string, object> Context { get; init; } = new Dictionary<string, object>();

    /// <summary>What access is asked to; null when it is no application.</summary>
    public ProviderApplication? Application { get; init; }

    /// <summary>Scores that concern the person or the address; null when nobody gathered them.</summary>
    public IReadOnlyList<Reputation>? Reputations { get; init; }

    /// <summary>Hashes of the present password and of past ones, the newest first; null when nobody gathered them.</summary>
    public IReadOnlyList<string>? PastPasswords { get; init; }

    /// <summary>Where the address is; null when unknown, or when there is no database.</summary>
    public GeoFacts? Place { get; init; }

    /// <summary>Where the person signed in before, the newest first; null when nobody gathered it.</summary>
    public IReadOnlyList<PastLogin>? PastLogins { get; init; }

    /// <summary>Now.</summary>
    public required TimeProvider Clock { get; init; }
}

/// <summary>A binding with its policy; null for bindings to groups and users.</summary>
public sealed record BoundPolicy(PolicyBinding Binding, IdentityPolicy? Policy);

/// <summary>What one policy says.</summary>
/// <param name="Messages">For the person.</param>
/// <param name="Log">For who reads the log.</param>
public sealed record PolicyOutcome(bool IsPassing, IReadOnlyList<string> Messages, IReadOnlyList<string> Log)
{
    /// <summary>Why it could not say; null when it could.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether the person's password is over and must be made unusable.</summary>
    public bool EndsPassword { get; init; }

    /// <summary>A plain answer.</summary>
    public static PolicyOutcome Of(bool isPassing, string? message = null) => new(isPassing, isPassing || message is null ? [] : [message], []);

    /// <summary>No answer.</summary>
    public static PolicyOutcome Faulted(string reason) => new(false, [], [reason]) { Fault = reason };
}
