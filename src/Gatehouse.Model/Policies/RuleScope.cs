using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Gatehouse.Model.Policies;

/// <summary>What rules may name, ready for evaluation.</summary>
public sealed class RuleScope
{
    /// <summary>Nothing to name.</summary>
    public static RuleScope Empty { get; } = new();

    /// <summary>Groups by id.</summary>
    public IReadOnlyDictionary<Guid, CompiledGroup> Groups { get; init; } = FrozenDictionary<Guid, CompiledGroup>.Empty;

    /// <summary>Lists by id.</summary>
    public IReadOnlyDictionary<Guid, CompiledList> Lists { get; init; } = FrozenDictionary<Guid, CompiledList>.Empty;

    /// <summary>Whether there is a database of places; without one no rule about countries can be judged.</summary>
    public bool KnowsPlaces { get; init; } = true;
}

/// <summary>A rule group ready for evaluation.</summary>
public sealed record CompiledGroup(string Name, ImmutableArray<Rule> Include, ImmutableArray<Rule> Exclude, ImmutableArray<Rule> Require)
{
    /// <summary>Null means sound; otherwise why it can't be judged.</summary>
    public string? BrokenBecause { get; init; }

    /// <summary>Changes whenever its content does, or that of what it names; part of the hash of policies.</summary>
    public string ContentHash { get; init; } = "";

    /// <summary>All its rules.</summary>
    public IEnumerable<Rule> Rules => Include.Concat(Exclude).Concat(Require);
}

/// <summary>A list ready for evaluation: of addresses of people, or of networks.</summary>
public sealed class CompiledList
{
    /// <summary>As administrators named it.</summary>
    public required string Name { get; init; }

    /// <summary>Canonical addresses of people; null means that it is a list of networks.</summary>
    public FrozenSet<string>? Emails { get; init; }

    /// <summary>Networks; null means that it is a list of people.</summary>
    public AddressRanges? Networks { get; init; }

    /// <summary>Changes whenever its content does; part of the hash of policies.</summary>
    public required string ContentHash { get; init; }
}
