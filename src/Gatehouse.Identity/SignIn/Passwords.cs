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
internal sealed class Passwords
{
    // At one hash per 0.1 to 0.2 s and core, whoever is last waits for some seconds.
    private const int MostWaiting = 64;

    // A household or a small office signs in at once; one flooding address leaves room for all others.
    private const int MostOfNetwork = 16;

    private readonly Turns turns = new(AtOnce, MostWaiting, MostOfNetwork);

    /// <summary>How many hashes are made at the same time.</summary>
    internal static int AtOnce => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>What compares a password with a kept one; tests count.</summary>
    internal Func<string, string, bool> Verify { get; init; } = PasswordHash.Verify;

    /// <summary>Checks <paramref name="password"/>. Takes as long when <paramref name="kept"/> is null: nobody learns who exists.</summary>
    public async Task<PasswordCheck> CheckAsync(string password, string? kept, IPAddress address, CancellationToken cancellationToken) =>
        await RunAsync(() => Verify(password, kept ?? PasswordHash.Decoy) && kept is not null, address, cancellationToken) switch
        {
            true => PasswordCheck.Right,
            false => PasswordCheck.Wrong,
            null => PasswordCheck.Busy,
        };

    /// <summary>The hash of <paramref name="password"/>, or null when too many are waiting.</summary>
    public async Task<string?> HashAsync(string password, IPAddress address, CancellationToken cancellationToken)
    {
        string? made = null;
        await RunAsync(
            () =>
            {
                made = PasswordHash.Make(password);
                return true;
            },
            address,
            cancellationToken);
        return made;
    }

    private async Task<bool?> RunAsync(Func<bool> work, IPAddress address, CancellationToken cancellationToken)
    {
        var network = Guess.NetworkOf(address);
        if (!await turns.BeginAsync(network, cancellationToken))
        {
            return null;
        }

        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            turns.End(network);
        }
    }
}
