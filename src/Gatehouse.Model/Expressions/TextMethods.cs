using System.Collections.Frozen;

namespace Gatehouse.Model.Expressions;

/// <summary>The methods of texts.</summary>
internal static class TextMethods
{
    /// <summary>Their names.</summary>
    public static FrozenSet<string> Known { get; } = new[]
    {
        "lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition",
        "startswith", "endswith", "replace", "join", "find", "count", "index", "removeprefix", "removesuffix", "isdigit", "isalpha", "isalnum", "isupper", "islower",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Calls one.</summary>
    public static object? Call(Budget budget, Meaning meaning, At at, string text, string method, Given given)
    {
        budget.Make(at, text.Length);
        return method switch
        {
            "lower" or "casefold" => text.ToLowerInvariant(),
            "upper" => text.ToUpperInvariant(),
            "title" => Title(text),
            "capitalize" => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant(),
            "strip" => Trim(text, given, t => text.Trim(t)),
            "lstrip" => Trim(text, given, t => text.TrimStart(t)),
            "rstrip" => Trim(text, given, t => text.TrimEnd(t)),
            "split" => Split(budget, at, text, given, fromRight: false),
            "rsplit" => Split(budget, at, text, given, fromRight: true),
            "splitlines" => text.ReplaceLineEndings("\n").Split('\n').ToList<object?>(),
            "partition" => Partition(at, text, given.Text(0), fromRight: false),
            "rpartition" => Partition(at, text, given.Text(0), fromRight: true),
            "startswith" => Any(at, given, p => text.StartsWith(p, StringComparison.Ordinal)),
            "endswith" => Any(at, given, p => text.EndsWith(p, StringComparison.Ordinal)),
            "replace" => Replace(budget, at, text, given.Text(0), given.Text(1)),
            "join" => Join(budget, meaning, at, text, given),
            "find" => (long)text.IndexOf(given.Text(0), StringComparison.Ordinal),
            "index" => text.IndexOf(given.Text(0), StringComparison.Ordinal) is >= 0 and var found ? (long)found : throw at.Fault("The text does not hold this part."),
            "count" => (long)text.AsSpan().Count(Part(at, given.Text(0))),
            "removeprefix" => text.StartsWith(given.Text(0), StringComparison.Ordinal) ? text[given.Text(0).Length..] : text,
            "removesuffix" => text.EndsWith(given.Text(0), StringComparison.Ordinal) ? text[..^given.Text(0).Length] : text,
            "isdigit" => text.Length > 0 && text.All(char.IsDigit),
            "isalpha" => text.Length > 0 && text.All(char.IsLetter),
            "isalnum" => text.Length > 0 && text.All(char.IsLetterOrDigit),
            "isupper" => text.Any(char.IsLetter) && !text.Any(char.IsLower),
            "islower" => text.Any(char.IsLetter) && !text.Any(char.IsUpper),
            _ => throw at.Fault($"A text has no method '{method}'."),
        };
    }

    private static string Title(string text) =>
        string.Create(text.Length, text, (made, from) =>
        {
            for (var i = 0; i < from.Length; i++)
            {
                made[i] = i > 0 && char.IsLetter(from[i - 1]) ? char.ToLowerInvariant(from[i]) : char.ToUpperInvariant(from[i]);
            }
        });

    private static string Trim(string text, Given given, Func<char[]?, string> trim)
    {
        _ = text;
        return trim(given.Count == 0 || given.At(0) is null ? null : given.Text(0).ToCharArray());
    }

    private static List<object?> Split(Budget budget, At at, string text, Given given, bool fromRight)
    {
        var most = given.Named("maxsplit", out var named) ? named as long? ?? throw at.Fault("maxsplit is a number.") : given.Count > 1 ? given.Number(1) : -1;
        var separator = given.Count > 0 && given.At(0) is not null ? Part(at, given.Text(0)) : null;
        var parts = separator is null ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : text.Split(separator);
        budget.Make(at, parts.Length);
        if (most < 0 || parts.Length <= most + 1)
        {
            return [.. parts];
        }

        var glue = separator ?? " ";
        return fromRight
            ? [string.Join(glue, parts[..^(int)most]), .. parts[^(int)most..]]
            : [.. parts[..(int)most], string.Join(glue, parts[(int)most..])];
    }

    private static List<object?> Partition(At at, string text, string separator, bool fromRight)
    {
        Part(at, separator);
        var found = fromRight ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return found >= 0 ? [text[..found], separator, text[(found + separator.Length)..]]
            : fromRight ? ["", "", text]
            : [text, "", ""];
    }

    private static bool Any(At at, Given given, Func<string, bool> fits) => given.One() switch
    {
        string part => fits(part),
        List<object?> parts => parts.Exists(p => p is string part && fits(part)),
        var other => throw at.Fault($"This needs a text, or a list of texts; it is {Meaning.KindOf(other)}."),
    };

    private static string Replace(Budget budget, At at, string text, string old, string fresh)
    {
        budget.Make(at, (long)text.AsSpan().Count(Part(at, old)) * fresh.Length);
        return text.Replace(old, fresh, StringComparison.Ordinal);
    }

    private static string Join(Budget budget, Meaning meaning, At at, string glue, Given given)
    {
        var parts = meaning.Items(at, given.One()).ConvertAll(i => i as string ?? throw at.Fault($"join() joins texts; the list holds {Meaning.KindOf(i)}. Write [str(x) for x in ...]."));
        budget.Make(at, parts.Sum(p => (long)p.Length + glue.Length));
        return string.Join(glue, parts);
    }

    private static string Part(At at, string part) => part.Length > 0 ? part : throw at.Fault("An empty text is no separator.");
}
