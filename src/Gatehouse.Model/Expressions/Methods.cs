using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Model.Expressions;

/// <summary>The methods there are, of texts, lists, dictionaries and known objects.</summary>
internal sealed class Methods(Budget budget, Meaning meaning, Notes notes)
{
    private static readonly string[] Logging = ["debug", "info", "warning", "error"];

    /// <summary>Their names, of whatever kind of value.</summary>
    public static FrozenSet<string> Known { get; } = new[]
    {
        "get", "keys", "values", "items", "update", "setdefault", "append", "extend", "index", "count",
        "all", "filter", "exclude", "exists", "first", "values_list", "order_by",
        "all_groups", "group_attributes", "app_entitlements",
    }.Concat(TextMethods.Known).Concat(Logging).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Calls one.</summary>
    public object? Call(At at, object? target, string method, Given given)
    {
        budget.Step(at);
        var made = target switch
        {
            string text => TextMethods.Call(budget, meaning, at, text, method, given),
            List<object?> list => OfList(at, list, method, given),
            Table table => OfTable(at, table, method, given),
            FactList list => OfObjects(at, list, method, given),
            FactObject { Shape: "logger" } when Logging.Contains(method) => Log(at, method, given),
            FactObject { Shape: "user" } user when method == "app_entitlements" => EntitlementsOf(user, given.One()),
            FactObject known when known.Methods.TryGetValue(method, out var run) => run(),
            null => throw at.Fault($"There is no object whose .{method}() could be called: the value is None."),
            _ => throw None(at, target, method),
        };
        given.EndNamed();
        return made;
    }

    // None of an application that is None: a provider without one.
    private static FactList EntitlementsOf(FactObject user, object? application) => new(
        application is FactObject { Shape: "object" } asked && user.Methods["app_entitlements"]() is FactList held
            ? [.. held.Items.Where(e => ((FactObject)e!).Members["app"] is string app && app == asked.Members["pk"] as string)] // a list of entitlements
            : []);

    /// <summary>Whether an object has these attributes; names may end in <c>__in</c>, <c>__startswith</c> and the like, as Django's.</summary>
    public static bool Fits(Meaning meaning, At at, FactObject known, IReadOnlyDictionary<string, object?> wanted) => wanted.All(w =>
    {
        var parts = w.Key.Split("__");
        var value = Functions.MemberOf(at, known, parts[0]);
        return (parts.Length > 2 ? "?" : parts.ElementAtOrDefault(1) ?? "exact") switch
        {
            "exact" => meaning.AreEqual(at, value, w.Value) || (value is string a && w.Value is not string && a == meaning.Text(at, w.Value)),
            "iexact" => string.Equals(value as string, w.Value as string, StringComparison.OrdinalIgnoreCase),
            "in" => meaning.Contains(at, w.Value, value),
            "startswith" => value is string text && w.Value is string start && text.StartsWith(start, StringComparison.Ordinal),
            "istartswith" => value is string text && w.Value is string start && text.StartsWith(start, StringComparison.OrdinalIgnoreCase),
            "endswith" => value is string text && w.Value is string end && text.EndsWith(end, StringComparison.Ordinal),
            "contains" => value is string text && w.Value is string part && text.Contains(part, StringComparison.Ordinal),
            "icontains" => value is string text && w.Value is string part && text.Contains(part, StringComparison.OrdinalIgnoreCase),
            _ => throw at.Fault($"'{w.Key}' is not supported; use name, name__in, name__startswith, name__endswith, name__contains or name__iexact."),
        };
    });

    [SuppressMessage("Performance", "CA1859", Justification = "A value of the language is an object; null is one of them.")]
    private object? OfList(At at, List<object?> list, string method, Given given)
    {
        switch (method)
        {
            case "append":
                budget.Make(at, 1);
                list.Add(given.One());
                return null;
            case "extend":
                list.AddRange(meaning.Items(at, given.One()));
                return null;
            case "index":
                var found = list.FindIndex(i => meaning.AreEqual(at, i, given.One()));
                return found >= 0 ? (object)(long)found : throw at.Fault("The list does not hold this value.");
            case "count":
                return (long)list.Count(i => meaning.AreEqual(at, i, given.One()));
            default:
                throw None(at, list, method);
        }
    }

    private object? OfTable(At at, Table table, string method, Given given)
    {
        switch (method)
        {
            case "get":
                return given.At(0) is string name && table.TryGetValue(name, out var value) ? value : given.Count > 1 ? given.At(1) : null;
            case "setdefault":
                if (!table.ContainsKey(given.Text(0)))
                {
                    budget.Make(at, 1);
                    table[given.Text(0)] = given.Count > 1 ? given.At(1) : null;
                }

                return table[given.Text(0)];
            case "keys":
                budget.Make(at, table.Count);
                return table.Keys.ToList<object?>();
            case "values":
                budget.Make(at, table.Count);
                return table.Values.ToList();
            case "items":
                budget.Make(at, 3L * table.Count);
                return table.Select(e => (object?)new List<object?> { e.Key, e.Value }).ToList();
            case "update":
                return Update(at, table, given);
            default:
                throw None(at, table, method);
        }
    }

    private object? Update(At at, Table table, Given given)
    {
        if (given.Count > 0)
        {
            var other = given.One() as Table ?? throw at.Fault("update() needs a dictionary.");
            budget.Make(at, other.Count);
            foreach (var entry in other.ToList())
            {
                table[entry.Key] = entry.Value;
            }
        }

        foreach (var (name, value) in given.TakeNamed())
        {
            budget.Make(at, 1);
            table[name] = value;
        }

        return null;
    }

    private object? OfObjects(At at, FactList list, string method, Given given)
    {
        budget.Make(at, list.Items.Count);
        switch (method)
        {
            case "all":
                return list;
            case "exists":
                return list.Items.Count > 0;
            case "count":
                return (long)list.Items.Count;
            case "first":
                return list.Items.Count > 0 ? list.Items[0] : null;
            case "filter" or "exclude":
                var wanted = given.TakeNamed();
                return new FactList([.. list.Items.Where(i => Fits(meaning, at, (FactObject)i!, wanted) == (method == "filter"))]); // objects only
            case "order_by":
                var field = given.Text(0);
                var sorted = meaning.Sorted(at, [.. list.Items], i => Functions.MemberOf(at, i, field.TrimStart('-')));
                return new FactList([.. field.StartsWith('-') ? Enumerable.Reverse(sorted) : sorted]);
            case "values_list":
                var isFlat = given.Named("flat", out var flat) && Meaning.IsTrue(flat);
                return isFlat && given.Count == 1
                    ? list.Items.Select(i => Functions.MemberOf(at, i, given.Text(0))).ToList()
                    : throw at.Fault("Write .values_list(\"name\", flat=True).");
            default:
                throw None(at, list, method);
        }
    }

    private object? Log(At at, string level, Given given)
    {
        var more = string.Concat(given.TakeNamed().Select(n => $" {n.Key}={meaning.Text(at, n.Value)}"));
        notes.Write($"{level}: {meaning.Text(at, given.One())}{more}");
        return null;
    }

    private static FaultException None(At at, object? target, string method) => at.Fault($"{Meaning.KindOf(target)} has no method '{method}'.");
}
