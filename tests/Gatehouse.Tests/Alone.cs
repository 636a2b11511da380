namespace Gatehouse.Tests;

/// <summary>Tests that look at the clock or at the memory of the whole process. They run when all others are over, one at a time, so that they measure what they mean to.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
