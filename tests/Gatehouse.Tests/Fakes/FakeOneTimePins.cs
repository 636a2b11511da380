using System.Security.Cryptography;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Tests.Fakes;

/// <summary>Codes in memory, with the promises of the real store.</summary>
internal sealed class FakeOneTimePins(TimeProvider clock) : IOneTimePins
{
    private readonly Lock gate = new();
    private readonly List<OneTimePin> all = [];
    private readonly Dictionary<string, int> guesses = [];
    private readonly HashSet<string> used = [];

    public int Count => all.Count;

    public Task<bool> TryAddAsync(OneTimePin pin, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var since = clock.GetUtcNow().AddHours(-1);
            var recent = all.FindAll(p => p.CreatedAt > since);
            if (recent.Count(p => p.Email == pin.Email && p.Network == pin.Network) >= IOneTimePins.MostPerAddressAndNetwork
                || recent.Count(p => p.Email == pin.Email) >= IOneTimePins.MostPerAddress
                || recent.Count(p => p.Network == pin.Network) >= IOneTimePins.MostPerNetwork)
            {
                return Task.FromResult(false);
            }

            all.Add(pin);
            return Task.FromResult(true);
        }
    }

    public Task<PinAnswer> GuessAsync(string id, byte[] hash, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var count = guesses[id] = guesses.GetValueOrDefault(id) + 1;
            return Task.FromResult(
                count > IOneTimePins.MostGuesses || all.Find(p => p.Id == id && p.ExpiresAt > clock.GetUtcNow()) is not { } pin || !CryptographicOperations.FixedTimeEquals(pin.Hash, hash) ? PinAnswer.Wrong
                : used.Add(id) ? PinAnswer.Right
                : PinAnswer.Used);
        }
    }
}
