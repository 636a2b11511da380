using System.Collections.Concurrent;
using Gatehouse.Model.Machines;

namespace Gatehouse.Tests.Fakes;

/// <summary>Remembers which service tokens were used.</summary>
internal sealed class FakeTokenUses : IServiceTokenUses
{
    /// <summary>All uses, in order.</summary>
    public ConcurrentQueue<Guid> All { get; } = new();

    /// <inheritdoc/>
    public void Seen(Guid id) => All.Enqueue(id);
}
