using Gatehouse.Model.Users;

namespace Gatehouse.Management.Users;

/// <summary>Makes and checks hashes of passwords: slow on purpose.</summary>
internal interface IPasswordHashing
{
    /// <summary>The text to keep for a password.</summary>
    string Make(string password);

    /// <summary>Whether <paramref name="kept"/> was made from it.</summary>
    bool Verify(string password, string kept);
}

/// <summary>As <see cref="PasswordHash"/> does it.</summary>
internal sealed class PasswordHashing : IPasswordHashing
{
    /// <inheritdoc/>
    public string Make(string password) => PasswordHash.Make(password);

    /// <inheritdoc/>
    public bool Verify(string password, string kept) => PasswordHash.Verify(password, kept);
}

/// <summary>
/// Hashes that are made before the transaction that saves them begins: meanwhile nobody else could write. What was not made ahead is made when
/// it is asked for. A class: records print their members.
/// </summary>
internal sealed class PasswordsAhead(IPasswordHashing hashing)
{
    private readonly List<(string Password, string? Kept)> wanted = [];
    private readonly Dictionary<(string Password, string Kept), bool> known = [];
    private readonly Dictionary<string, Queue<string>> made = new(StringComparer.Ordinal);

    /// <summary>Whether something was wanted that is not there yet.</summary>
    public bool AreWanted => wanted.Count > 0;

    /// <summary>Nothing is wanted any more: what wanted it failed.</summary>
    public void Forget() => wanted.Clear();

    /// <summary>Notes that somebody shall have <paramref name="password"/>, whose hash so far is <paramref name="kept"/>; null: none.</summary>
    public void Want(string password, string? kept) => wanted.Add((password, kept));

    /// <summary>Makes what is wanted. Each hash serves once: nobody's salt is another's.</summary>
    public void MakeWanted(CancellationToken cancellationToken)
    {
        foreach (var (password, kept) in wanted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (kept is null || !(known[(password, kept)] = hashing.Verify(password, kept)))
            {
                var ready = made.TryGetValue(password, out var queue) ? queue : made[password] = [];
                ready.Enqueue(hashing.Make(password));
            }
        }

        wanted.Clear();
    }

    /// <summary>A hash for <paramref name="password"/>.</summary>
    public string Take(string password) => made.TryGetValue(password, out var ready) && ready.TryDequeue(out var hash) ? hash : hashing.Make(password);

    /// <summary>Whether <paramref name="kept"/> was made from <paramref name="password"/>.</summary>
    public bool Matches(string password, string kept) => known.TryGetValue((password, kept), out var isSo) ? isSo : hashing.Verify(password, kept);

    /// <inheritdoc/>
    public override string ToString() => "***";
}
