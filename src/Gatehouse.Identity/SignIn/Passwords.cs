using System.Net;
using Gatehouse.Model.Users;

namespace Gatehouse.Identity.SignIn;

/// <summary>What came of checking a password.</summary>
internal enum PasswordCheck
{
    /// <summary>It is the one.</summary>
    Right,

    /// <summary>It is not, or there is none.</summary>
    Wrong,

    /// <summary>Too many are waiting to be checked.</summary>
    Busy,
}

/// <summary>Checks and makes password hashes, a few at a time: a flood of logins must leave cores to the gateway.</summary>
internal sealed class Passwords : IDisposable
{
    // At one hash per 0.1 to 0.2 s and core, whoever is last in the queue waits for some seconds.
    private const int MostWaiting = 64;

    // A household or a small office signs in at once; one flooding address leaves room for all others.
    private const int MostWaitingOfOne = 16;

    /// <summary>What compares a password with a kept one; tests count.</summary>
    internal Func<string, string, bool> Verify { get; init; } = PasswordHash.Verify;

    private readonly Lock turn = new();
    private readonly Dictionary<IPAddress, int> waitingByNetwork = [];
    private readonly SemaphoreSlim gate = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int waiting;

    /// <summary>Checks <paramref name="password"/>. Takes as long when <paramref name="kept"/> is null: nobody learns who exists.</summary>
    public async Task<PasswordCheck> CheckAsync(string password, string? kept, IPAddress address, CancellationToken cancellationToken)
    {
        var network = Guess.NetworkOf(address);
        if (!TryEnter(network))
        {
            return PasswordCheck.Busy;
        }

        try
        {
            return await RunAsync(() => Verify(password, kept ?? PasswordHash.Decoy) && kept is not null, cancellationToken) switch
            {
                true => PasswordCheck.Right,
                false => PasswordCheck.Wrong,
                null => PasswordCheck.Busy,
            };
        }
        finally
        {
            Leave(network);
        }
    }

    /// <summary>The hash of <paramref name="password"/>, or null when too many are waiting.</summary>
    public async Task<string?> HashAsync(string password, CancellationToken cancellationToken)
    {
        string? made = null;
        await RunAsync(
            () =>
            {
                made = PasswordHash.Make(password);
                return true;
            },
            cancellationToken);
        return made;
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private bool TryEnter(IPAddress network)
    {
        lock (turn)
        {
            var others = waitingByNetwork.GetValueOrDefault(network);
            if (others >= MostWaitingOfOne)
            {
                return false;
            }

            waitingByNetwork[network] = others + 1;
            return true;
        }
    }

    private void Leave(IPAddress network)
    {
        lock (turn)
        {
            if (--waitingByNetwork[network] == 0)
            {
                waitingByNetwork.Remove(network);
            }
        }
    }

    private async Task<bool?> RunAsync(Func<bool> work, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref waiting) > MostWaiting)
            {
                return null;
            }

            await gate.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(work, cancellationToken);
            }
            finally
            {
                gate.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }
}
