using System.Globalization;
using System.Text;

namespace Gatehouse.Model.Expressions;

/// <summary>What Python makes of values: truth, equality, order, text.</summary>
internal sealed class Meaning(Budget budget)
{
    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Table table => table.Count > 0,
        FactList list => list.Items.Count > 0,
        _ => true,
    };

    /// <summary>How a fault calls the kind of a value.</summary>
    public static string KindOf(object? value) => value switch
    {
        null => "None",
        bool => "a truth value",
        long or double => "a number",
        string => "a text",
        List<object?> => "a list",
        Table => "a dictionary",
        FactList => "a list of objects",
        FactObject known => "a " + known.Shape,
        _ => "an address",
    };

    /// <summary><c>==</c></summary>
    public bool AreEqual(At at, object? left, object? right, int depth = 0)
    {
        budget.Step(at);
        switch (left, right)
        {
            case (null, null):
                return true;
            case (string a, string b):
                budget.Look(at, Math.Min(a.Length, b.Length));
                return string.Equals(a, b, StringComparison.Ordinal);
            case (long a, long b):
                return a == b;
            case (List<object?> a, List<object?> b):
                Deep(at, depth);
                return a.Count == b.Count && a.Zip(b).All(p => AreEqual(at, p.First, p.Second, depth + 1));
            case (Table a, Table b):
                Deep(at, depth);
                return a.Count == b.Count && a.All(e => b.TryGetValue(e.Key, out var other) && AreEqual(at, e.Value, other, depth + 1));
            case (NetworkValue a, NetworkValue b):
                return a.Network.Equals(b.Network);
            default:
                return Number(left) is { } x && Number(right) is { } y ? x.Equals(y) : left is not null && ReferenceEquals(left, right);
        }
    }

    /// <summary>Below zero, zero or above, as for <see cref="string.CompareOrdinal(string, string)"/>.</summary>
    public int Compare(At at, object? left, object? right, int depth = 0)
    {
        budget.Step(at);
        switch (left, right)
        {
            case (string a, string b):
                budget.Look(at, Math.Min(a.Length, b.Length));
                return string.CompareOrdinal(a, b);
            case (long a, long b):
                return a.CompareTo(b);
            case (List<object?> a, List<object?> b):
                Deep(at, depth);
                var first = a.Zip(b).Select(p => Compare(at, p.First, p.Second, depth + 1)).FirstOrDefault(c => c != 0);
                return first != 0 ? first : a.Count.CompareTo(b.Count);
            default:
                return Number(left) is { } x && Number(right) is { } y
                    ? x.CompareTo(y)
                    : throw at.Fault($"{KindOf(left)} and {KindOf(right)} have no order.");
        }
    }

    /// <summary><c>needle in stack</c></summary>
    public bool Contains(At at, object? stack, object? needle)
    {
        switch (stack)
        {
            case string text when needle is string part:
                budget.Look(at, text.Length + part.Length);
                return text.Contains(part, StringComparison.Ordinal);
            case string:
                throw at.Fault($"Only a text can be in a text; this is {KindOf(needle)}.");
            case List<object?> list:
                return list.Exists(i => AreEqual(at, i, needle));
            case FactList list:
                return list.Items.Any(i => AreEqual(at, i, needle) || (i is FactObject a && needle is FactObject b && IsSame(a, b)));
            case Table table:
                return needle is string key && table.ContainsKey(key);
            case NetworkValue { IsAddress: false } network when needle is NetworkValue { IsAddress: true } address:
                return network.Network.Contains(address.Network.BaseAddress);
            case NetworkValue:
                throw at.Fault("Write ip_address(\"...\") in ip_network(\"...\").");
            default:
                throw at.Fault($"'in' needs a text, a list, a dictionary or a network; this is {KindOf(stack)}.");
        }
    }

    /// <summary>The items a loop goes over: a copy, so that changes in the loop do no harm.</summary>
    public List<object?> Items(At at, object? value)
    {
        List<object?> items = value switch
        {
            List<object?> list => [.. list],
            FactList list => [.. list.Items],
            Table table => [.. table.Keys],
            string text when text.Length <= Limits.Made => [.. text.EnumerateRunes().Select(r => r.ToString())],
            _ => throw at.Fault($"A loop needs a list, a dictionary or a text; this is {KindOf(value)}."),
        };
        budget.Make(at, items.Count);
        return items;
    }

    /// <summary>The items in order, equal ones as they came. Not the framework's sort: it wraps what a comparison throws.</summary>
    public List<object?> Sorted(At at, List<object?> items, Func<object?, object?> key)
    {
        if (items.Count < 2)
        {
            return items;
        }

        var left = Sorted(at, items[..(items.Count / 2)], key);
        var right = Sorted(at, items[(items.Count / 2)..], key);
        List<object?> merged = new(items.Count);
        var (l, r) = (0, 0);
        while (l < left.Count && r < right.Count)
        {
            merged.Add(Compare(at, key(right[r]), key(left[l])) < 0 ? right[r++] : left[l++]);
        }

        merged.AddRange(left[l..]);
        merged.AddRange(right[r..]);
        return merged;
    }

    /// <summary>The number that a value is; null when it is none.</summary>
    public static double? Number(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    /// <summary><c>str(value)</c></summary>
    public string Text(At at, object? value)
    {
        if (value is string text)
        {
            return text;
        }

        var made = new StringBuilder();
        Write(at, made, value, 0);
        budget.Make(at, made.Length);
        return made.ToString();
    }

    private void Write(At at, StringBuilder made, object? value, int depth)
    {
        budget.Step(at);
        switch (value)
        {
            case null:
                made.Append("None");
                break;
            case bool flag:
                made.Append(flag ? "True" : "False");
                break;
            case double number:
                var shown = number.ToString("R", CultureInfo.InvariantCulture);
                made.Append(shown.AsSpan().ContainsAny(".eE") || !double.IsFinite(number) ? shown : shown + ".0");
                break;
            case string text:
                budget.Make(at, text.Length);
                made.Append('\'').Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)).Append('\'');
                break;
            case List<object?> list:
                Deep(at, depth);
                WriteAll(made, "[", "]", list, i => Write(at, made, i, depth + 1));
                break;
            case FactList list:
                Deep(at, depth);
                WriteAll(made, "[", "]", list.Items, i => Write(at, made, i, depth + 1));
                break;
            case Table table:
                Deep(at, depth);
                WriteAll(made, "{", "}", table, e =>
                {
                    Write(at, made, e.Key, depth + 1);
                    made.Append(": ");
                    Write(at, made, e.Value, depth + 1);
                });
                break;
            case FactObject known:
                made.Append(NameOf(known));
                break;
            default:
                made.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }
    }

    private static void WriteAll<T>(StringBuilder made, string open, string close, IEnumerable<T> items, Action<T> write)
    {
        made.Append(open);
        var isFirst = true;
        foreach (var item in items)
        {
            made.Append(isFirst ? "" : ", ");
            isFirst = false;
            write(item);
        }

        made.Append(close);
    }

    private static string NameOf(FactObject known) =>
        known.Members.GetValueOrDefault("username") as string ?? known.Members.GetValueOrDefault("name") as string ?? $"<{known.Shape}>";

    private static bool IsSame(FactObject left, FactObject right) =>
        left.Shape == right.Shape && left.Members.GetValueOrDefault("pk") is { } a && right.Members.GetValueOrDefault("pk") is { } b && a.Equals(b);

    private static void Deep(At at, int depth)
    {
        if (depth > Limits.Depth)
        {
            throw at.Fault($"Lists and dictionaries are nested deeper than {Limits.Depth} levels here.");
        }
    }
}
