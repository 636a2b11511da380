using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Text;

namespace Gatehouse.Model.Expressions;

/// <summary>The functions there are.</summary>
internal sealed class Functions(Budget budget, Meaning meanings, Notes notes)
{
    private readonly Meaning meaning = meanings; // a field: the table below asks other instances for it

    private delegate object? Body(Functions self, At at, Given given);

    private static readonly FrozenDictionary<string, Body> All = new Dictionary<string, Body>
    {
        ["len"] = (_, at, g) => Length(at, g.One()),
        ["str"] = (f, at, g) => g.Count == 0 ? "" : f.meaning.Text(at, g.One()),
        ["int"] = (_, at, g) => Whole(at, g.One()),
        ["float"] = (_, at, g) => Real(at, g.One()),
        ["bool"] = (_, _, g) => Meaning.IsTrue(g.One()),
        ["list"] = (f, at, g) => g.Count == 0 ? new List<object?>() : f.meaning.Items(at, g.One()),
        ["tuple"] = (f, at, g) => g.Count == 0 ? new List<object?>() : f.meaning.Items(at, g.One()),
        ["set"] = (f, at, g) => g.Count == 0 ? new List<object?>() : f.Distinct(at, f.meaning.Items(at, g.One())),
        ["dict"] = (f, at, g) => f.Dictionary(at, g),
        ["sorted"] = (f, at, g) => f.Sorted(at, g),
        ["reversed"] = (f, at, g) => f.Reversed(at, g.One()),
        ["min"] = (f, at, g) => f.Extreme(at, g, -1),
        ["max"] = (f, at, g) => f.Extreme(at, g, 1),
        ["sum"] = (f, at, g) => f.Sum(at, g.One()),
        ["any"] = (f, at, g) => f.meaning.Items(at, g.One()).Exists(Meaning.IsTrue),
        ["all"] = (f, at, g) => f.meaning.Items(at, g.One()).TrueForAll(Meaning.IsTrue),
        ["abs"] = (_, at, g) => Absolute(at, g.One()),
        ["round"] = (_, at, g) => Meaning.Number(g.One()) is { } number ? Whole(at, Math.Round(number)) : throw at.Fault("round() needs a number."),
        ["range"] = (f, at, g) => f.Range(at, g),
        ["enumerate"] = (f, at, g) => f.Pairs(at, [.. f.meaning.Items(at, g.One()).Select((item, i) => ((object?)(long)i, item))]),
        ["zip"] = (f, at, g) => f.Pairs(at, [.. f.meaning.Items(at, g.At(0)).Zip(f.meaning.Items(at, g.At(1)))]),
        ["hasattr"] = (_, at, g) => Has(at, g.At(0), g.Text(1)),
        ["getattr"] = (_, at, g) => Get(at, g),
        ["list_flatten"] = (f, at, g) => f.Flat(at, g.One()),
        ["slugify"] = (f, at, g) => f.Slug(at, g.Text(0)),
        ["ip_address"] = (_, at, g) => Address(at, g.Text(0)),
        ["ip_network"] = (_, at, g) => Network(at, g.Text(0)),
        ["regex_match"] = (f, at, g) => f.Match(at, g.Text(0), g.Text(1)),
        ["regex_replace"] = (f, at, g) => f.Replace(at, g.Text(0), g.Text(1), g.Text(2)),
        ["ak_message"] = (f, at, g) => f.Message(at, g.One()),
        ["ak_is_group_member"] = (f, at, g) => f.IsMember(at, g),
    }.ToFrozenDictionary();

    /// <summary>Their names.</summary>
    public static FrozenSet<string> Known { get; } = All.Keys.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Calls one.</summary>
    public object? Call(At at, string function, Given given)
    {
        budget.Step(at);
        var made = All[function](this, at, given);
        given.EndNamed();
        return made;
    }

    /// <summary>Without doubles, in order.</summary>
    public List<object?> Distinct(At at, List<object?> items)
    {
        List<object?> kept = [];
        foreach (var item in items)
        {
            if (!kept.Exists(k => meaning.AreEqual(at, k, item)))
            {
                kept.Add(item);
            }
        }

        return kept;
    }

    /// <summary>The attribute of an object; a fault when it has none.</summary>
    public static object? MemberOf(At at, object? target, string name) => target switch
    {
        FactObject known when known.Members.TryGetValue(name, out var value) => value,
        FactObject known => throw at.Fault($"{Meaning.KindOf(known)} has no attribute '{name}': {Shapes.Known(known.Shape)}."),
        Table => throw at.Fault($"A dictionary has no attributes; write [\"{name}\"] or .get(\"{name}\")."),
        null => throw at.Fault($"There is no object whose '{name}' could be read: the value is None."),
        _ => throw at.Fault($"{Meaning.KindOf(target)} has no attributes."),
    };

    private static bool Has(At at, object? target, string name)
    {
        _ = at;
        return target is FactObject known && known.Members.ContainsKey(name);
    }

    private static object? Get(At at, Given given)
    {
        var name = given.Text(1);
        return Has(at, given.At(0), name) ? MemberOf(at, given.At(0), name)
            : given.Count > 2 ? given.At(2)
            : MemberOf(at, given.At(0), name);
    }

    private static long Length(At at, object? value) => value switch
    {
        string text => text.Length,
        List<object?> list => list.Count,
        FactList list => list.Items.Count,
        Table table => table.Count,
        _ => throw at.Fault($"len() needs a text, a list or a dictionary; this is {Meaning.KindOf(value)}."),
    };

    private static object Whole(At at, object? value) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long => value,
        double number when number is >= -9.2e18 and <= 9.2e18 => (long)number,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw at.Fault($"This can't be made a whole number: {Meaning.KindOf(value)}."),
    };

    private static double Real(At at, object? value) => value switch
    {
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        _ when Meaning.Number(value) is { } number => number,
        _ => throw at.Fault($"This can't be made a number: {Meaning.KindOf(value)}."),
    };

    private static object Absolute(At at, object? value) => value switch
    {
        long number when number != long.MinValue => (object)Math.Abs(number),
        double number => Math.Abs(number),
        _ => throw at.Fault("abs() needs a number."),
    };

    private Table Dictionary(At at, Given given)
    {
        var made = new Table();
        if (given.Count > 0 && given.At(0) is Table table)
        {
            table.ToList().ForEach(e => made[e.Key] = e.Value);
        }
        else if (given.Count > 0)
        {
            foreach (var pair in meaning.Items(at, given.At(0)))
            {
                made[pair is List<object?> { Count: 2 } two && two[0] is string key ? key : throw at.Fault("dict() needs pairs of a text and a value.")] = ((List<object?>)pair)[1];
            }
        }

        foreach (var (name, value) in given.TakeNamed())
        {
            made[name] = value;
        }

        budget.Make(at, made.Count);
        return made;
    }

    private List<object?> Sorted(At at, Given given)
    {
        var isReversed = given.Named("reverse", out var reverse) && Meaning.IsTrue(reverse);
        var items = meaning.Items(at, given.One());
        var sorted = meaning.Sorted(at, items, item => item);
        if (isReversed)
        {
            sorted.Reverse();
        }

        return sorted;
    }

    private List<object?> Reversed(At at, object? value)
    {
        var items = meaning.Items(at, value);
        items.Reverse();
        return items;
    }

    private object? Extreme(At at, Given given, int sign)
    {
        var items = given.Count == 1 ? meaning.Items(at, given.One()) : given.All();
        return items.Count == 0
            ? throw at.Fault("There is no least or greatest of nothing.")
            : items.Aggregate((best, item) => meaning.Compare(at, item, best) * sign > 0 ? item : best);
    }

    private object Sum(At at, object? value)
    {
        object total = 0L;
        foreach (var item in meaning.Items(at, value))
        {
            total = Arithmetic.Add(at, total, item);
        }

        return total;
    }

    private List<object?> Range(At at, Given given)
    {
        var from = given.Count > 1 ? given.Number(0) : 0;
        var to = given.Count > 1 ? given.Number(1) : given.Number(0);
        var step = given.Count > 2 ? given.Number(2) : 1;
        if (step == 0)
        {
            throw at.Fault("range() needs a step other than 0.");
        }

        List<object?> made = [];
        for (Int128 i = from; step > 0 ? i < to : i > to; i += step)
        {
            budget.Make(at, 1);
            made.Add((long)i);
        }

        return made;
    }

    private List<object?> Pairs(At at, List<(object? First, object? Second)> pairs)
    {
        budget.Make(at, 2L * pairs.Count);
        return [.. pairs.Select(p => (object?)new List<object?> { p.First, p.Second })];
    }

    private List<object?> Flat(At at, object? value)
    {
        List<object?> made = [];
        foreach (var item in meaning.Items(at, value))
        {
            if (item is List<object?> or FactList)
            {
                made.AddRange(meaning.Items(at, item));
            }
            else
            {
                made.Add(item);
            }
        }

        return made;
    }

    private string Slug(At at, string text)
    {
        budget.Make(at, text.Length);
        var made = new StringBuilder();
        foreach (var c in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
            {
                made.Append(c);
            }
            else if ((char.IsWhiteSpace(c) || c == '-') && made.Length > 0 && made[^1] != '-')
            {
                made.Append('-');
            }
        }

        return made.ToString().Trim('-');
    }

    private static NetworkValue Address(At at, string text) => Addresses.TryRead(text, out var address)
        ? new NetworkValue(new IPNetwork(address, address.GetAddressBytes().Length * 8), IsAddress: true)
        : throw at.Fault("This is no address, such as 192.0.2.7 or 2001:db8::1.");

    private static NetworkValue Network(At at, string text) => Addresses.TryReadNetwork(text, out var network)
        ? new NetworkValue(network, IsAddress: false)
        : throw at.Fault("This is no network, such as 192.0.2.0/24 or 2001:db8::/32.");

    private bool Match(At at, string text, string pattern)
    {
        budget.Step(at, 1000); // making the matcher is what costs
        budget.Look(at, text.Length * 8);
        var matcher = SafeRegex.Make(at, pattern);
        return SafeRegex.Run(at, () => matcher.IsMatch(text));
    }

    private string Replace(At at, string text, string pattern, string replacement)
    {
        budget.Step(at, 1000); // making the matcher is what costs
        budget.Look(at, text.Length * 8);
        var matcher = SafeRegex.Make(at, pattern);
        var count = SafeRegex.Run(at, () => matcher.Count(text));
        budget.Make(at, text.Length + ((long)count * replacement.Length));
        return SafeRegex.Run(at, () => matcher.Replace(text, _ => replacement)); // the replacement means itself: groups would multiply it
    }

    private object? Message(At at, object? value)
    {
        notes.Tell(meaning.Text(at, value));
        return null;
    }

    private bool IsMember(At at, Given given)
    {
        if (given.At(0) is not FactObject { Shape: "user" } user)
        {
            throw at.Fault("ak_is_group_member(user, name=\"...\") needs a user.");
        }

        var wanted = given.TakeNamed();
        return wanted.Count == 0
            ? throw at.Fault("Say which group: ak_is_group_member(user, name=\"...\").")
            : user.Methods["all_groups"]() is FactList groups && groups.Items.Any(g => Methods.Fits(meaning, at, (FactObject)g!, wanted)); // a list of groups
    }
}
