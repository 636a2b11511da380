namespace Gatehouse.Access.SignIn;

/// <summary>Finds what providers spell with capitals or without. Where several differ in nothing else, whoever chose one could be led to choose the wrong one.</summary>
internal static class OneSpelling
{
    /// <summary>What a person is told where it can't be said which of several spellings counts.</summary>
    public const string Advice = "The login method gave your groups under several names that differ only in capitals (groups, Groups), so Access can't tell which are yours. Let it give one of them.";

    /// <summary>The very <paramref name="name"/> when it is there; else every other spelling of it.</summary>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> names)
    {
        var found = names.Where(n => n.Equals(name, StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal).ToList();
        return found.Contains(name) ? [name] : found;
    }
}
