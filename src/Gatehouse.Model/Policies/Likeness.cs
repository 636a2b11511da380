namespace Gatehouse.Model.Policies;

/// <summary>Tells a slip of the pen from a different word.</summary>
internal static class Likeness
{
    // Below this length two letters make another word.
    private const int ShortWord = 5;

    /// <summary>How two different texts are alike, as words that follow "they"; null when they are equal or not alike.</summary>
    public static string? Of(string found, string wanted)
    {
        if (found == wanted || found.Length > 256 || wanted.Length > 256)
        {
            return null;
        }

        if (string.Equals(found, wanted, StringComparison.OrdinalIgnoreCase))
        {
            return "differ only in upper and lower case";
        }

        if (string.Equals(found.Trim(), wanted.Trim(), StringComparison.Ordinal))
        {
            return "differ only in spaces around them";
        }

        var most = Math.Min(found.Length, wanted.Length) < ShortWord ? 1 : 2;
        return Distance(found, wanted) switch
        {
            var d when d > most => null,
            1 => "differ in one character",
            _ => "differ in two characters",
        };
    }

    // Levenshtein with one row, the letters that swapped places counting as two.
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var corner = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), corner + (a[i - 1] == b[j - 1] ? 0 : 1));
                corner = above;
            }
        }

        return row[^1];
    }
}
