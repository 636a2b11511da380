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

    /// <summary>The most codes in an hour for one address.</summary>
    const int MostPerAddress = 5;

    /// <summary>The most codes in an hour that one network may ask for.</summary>
    const int MostPerNetwork = 20;

    /// <summary>Keeps a code, durably; false when its address or its network has had as many as it may.</summary>
    Task<bool> TryAddAsync(OneTimePin pin, CancellationToken cancellationToken);

    /// <summary>Counts a guess, durably, and only then compares; right just once.</summary>
    Task<PinAnswer> GuessAsync(string id, byte[] hash, CancellationToken cancellationToken);
}
