using System.Collections.Concurrent;

namespace Gatehouse.Access.SignIn;

/// <summary>Lets requests that finish the same sign-in do so one after the other on this node: browsers send one again whose answer is late.</summary>
internal sealed class SignInTurns
{
    private readonly ConcurrentDictionary<string, Turn> running = new(StringComparer.Ordinal);

    /// <summary>Waits until nobody else finishes the sign-in <paramref name="id"/>. The turn ends when it is disposed.</summary>
    public async Task<IDisposable> TakeAsync(string id, CancellationToken cancellationToken)
    {
        var mine = new Turn(this, id);
        while (running.GetOrAdd(id, mine) is var first && first != mine)
        {
            await first.Over.WaitAsync(cancellationToken);
        }

        return mine;
    }

    private sealed class Turn(SignInTurns turns, string id) : IDisposable
    {
        private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Over => over.Task;

        public void Dispose()
        {
            turns.running.TryRemove(KeyValuePair.Create(id, this));
            over.TrySetResult();
        }
    }
}
