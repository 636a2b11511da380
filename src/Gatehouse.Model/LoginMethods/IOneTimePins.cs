namespace Gatehouse.Model.LoginMethods;

/// <summary>What came of a guess.</summary>
public enum PinAnswer
{
    /// <summary>Not the code, or no code of ours, or one whose guesses or time are over: nobody learns which.</summary>
    Wrong,

    /// <summary>The code, for the first time.</summary>
    Right,

    /// <summary>The code, but it has opened a session already.</summary>
    Used,
}

/// <summary>Keeps the codes that were sent by mail.</summary>
public interface IOneTimePins
{
    /// <summary>The most guesses at one code.</summary>
    const int MostGuesses = 5;

    /// <summary>The most codes in an hour for one address that one network may ask for.</summary>
    const int MostPerAddressAndNetwork = 5;

    /// <summary>The most codes in an hour for one address. Four networks have to act together to use up what somebody else is waiting for.</summary>
    const int MostPerAddress = 4 * MostPerAddressAndNetwork;

    /// <summary>The most codes in an hour that one network may ask for.</summary>
    const int MostPerNetwork = 20;

    /// <summary>Keeps a code, durably; false when its address, its network, or the two together have had as many as they may. Whoever is over that costs a read, and no write.</summary>
    Task<bool> TryAddAsync(OneTimePin pin, CancellationToken cancellationToken);

    /// <summary>Counts a guess, durably, and only then compares; right just once. A guess at a code that was never sent costs the same work: how long the answer takes tells nobody which it was.</summary>
    Task<PinAnswer> GuessAsync(string id, byte[] hash, CancellationToken cancellationToken);
}
