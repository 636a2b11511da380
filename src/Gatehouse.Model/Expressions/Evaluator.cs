using System.Diagnostics;

namespace Gatehouse.Model.Expressions;

/// <summary>Finds the value of nodes.</summary>
internal sealed class Evaluator(IReadOnlyDictionary<string, object?> given, Budget budget, Meaning meaning, Functions functions, Methods methods)
{
    private readonly Dictionary<string, object?> locals = new(StringComparer.Ordinal);

    /// <summary>The value of a node.</summary>
    public object? Value(Node node)
    {
        budget.Step(node.At);
        return node switch
        {
            Node.Constant constant => constant.Value,
            Node.Name name => Lookup(name),
            Node.Member member => Functions.MemberOf(member.At, Value(member.Target), member.Id),
            Node.Item item => ItemOf(item),
            Node.Slice slice => SliceOf(slice),
            Node.Call call => functions.Call(call.At, call.Function, Arguments(call.At, call.Function, call.Arguments)),
            Node.MethodCall call => methods.Call(call.At, Value(call.Target), call.Method, Arguments(call.At, call.Method, call.Arguments)),
            Node.Comparison comparison => Compare(comparison),
            Node.Logic logic => Decide(logic),
            Node.Not not => !Meaning.IsTrue(Value(not.Inner)),
            Node.Negate negate => Arithmetic.Apply(negate.At, "-", 0L, Value(negate.Inner)),
            Node.Arithmetic arithmetic => Calculate(arithmetic),
            Node.Choice choice => Meaning.IsTrue(Value(choice.Test)) ? Value(choice.Then) : Value(choice.Else),
            Node.ListOf list => ListOf(list),
            Node.DictOf dict => DictOf(dict),
            Node.Comprehension comprehension => Comprehend(comprehension),
            Node.Format format => FormatOf(format),
            _ => throw new UnreachableException($"no case for {node.GetType().Name}"),
        };
    }

    /// <summary>Gives a value to a name, or the items of a list to several.</summary>
    public void Assign(At at, IReadOnlyList<string> names, object? value)
    {
        if (names.Count == 1)
        {
            locals[names[0]] = value;
            return;
        }

        if (value is not List<object?> items || items.Count != names.Count)
        {
            throw at.Fault($"{names.Count} names need a list of {names.Count} values.");
        }

        foreach (var (name, item) in names.Zip(items.ToList()))
        {
            locals[name] = item;
        }
    }

    /// <summary>The key that a value is.</summary>
    public string KeyOf(At at, object? key) => key as string ?? (key is long or bool
        ? meaning.Text(at, key)
        : throw at.Fault($"Keys of dictionaries are texts; this is {Meaning.KindOf(key)}."));

    /// <summary>Where an index points, from the end when it is negative; null outside.</summary>
    public static int? Place(int count, long index) =>
        index >= 0 && index < count ? (int)index : index < 0 && index >= -count ? (int)(count + index) : null;

    private object? Lookup(Node.Name name) =>
        locals.TryGetValue(name.Id, out var value) || given.TryGetValue(name.Id, out value)
            ? value
            : throw name.At.Fault($"'{name.Id}' has no value yet.");

    private Given Arguments(At at, string name, Arguments arguments)
    {
        List<object?> values = [.. arguments.Values.Select(Value)];
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, node) in arguments.Named)
        {
            named[key] = Value(node);
        }

        return new Given(at, name, values, named);
    }

    private object? ItemOf(Node.Item item)
    {
        var target = Value(item.Target);
        var key = Value(item.Key);
        return (target, key) switch
        {
            (Table table, string name) => table.TryGetValue(name, out var value) ? value : throw item.At.Fault($"The dictionary has no '{Short(name)}'; .get(\"{Short(name)}\") gives None instead."),
            (List<object?> list, long index) => Place(list.Count, index) is { } place ? list[place] : throw item.At.Fault("The list has no item at this place."),
            (FactList list, long index) => Place(list.Items.Count, index) is { } place ? list.Items[place] : throw item.At.Fault("The list has no item at this place."),
            (string text, long index) => Place(text.Length, index) is { } place ? text[place].ToString() : throw item.At.Fault("The text has no character at this place."),
            _ => throw item.At.Fault($"{Meaning.KindOf(target)} has no items by {Meaning.KindOf(key)}."),
        };
    }

    private object SliceOf(Node.Slice slice)
    {
        var target = Value(slice.Target);
        var count = target switch
        {
            string text => text.Length,
            List<object?> list => list.Count,
            FactList list => list.Items.Count,
            _ => throw slice.At.Fault($"{Meaning.KindOf(target)} can't be cut."),
        };
        var from = Bound(slice.From, 0);
        var length = Math.Max(0, Bound(slice.To, count) - from);
        budget.Make(slice.At, length);
        return target switch
        {
            string text => text.Substring(from, length),
            List<object?> list => list.GetRange(from, length),
            _ => new FactList([.. ((FactList)target).Items.Skip(from).Take(length)]),
        };

        int Bound(Node? node, int absent) => (node is null ? null : Value(node)) switch
        {
            null => absent,
            long index => (int)Math.Clamp(index < 0 ? index + count : index, 0, count),
            _ => throw slice.At.Fault("Places are whole numbers."),
        };
    }

    private bool Compare(Node.Comparison comparison)
    {
        var left = Value(comparison.First);
        foreach (var (sign, node) in comparison.Rest)
        {
            var right = Value(node);
            if (!Holds(comparison.At, sign, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private bool Holds(At at, string sign, object? left, object? right) => sign switch
    {
        "==" or "is" => meaning.AreEqual(at, left, right) && (sign == "==" || left is bool == right is bool),
        "!=" => !meaning.AreEqual(at, left, right),
        "is not" => !Holds(at, "is", left, right),
        "<" => meaning.Compare(at, left, right) < 0,
        "<=" => meaning.Compare(at, left, right) <= 0,
        ">" => meaning.Compare(at, left, right) > 0,
        ">=" => meaning.Compare(at, left, right) >= 0,
        "in" => meaning.Contains(at, right, left),
        _ => !meaning.Contains(at, right, left),
    };

    private object? Decide(Node.Logic logic)
    {
        object? value = null;
        foreach (var part in logic.Parts)
        {
            value = Value(part);
            if (Meaning.IsTrue(value) != logic.IsAnd)
            {
                return value;
            }
        }

        return value;
    }

    private object? Calculate(Node.Arithmetic arithmetic)
    {
        var value = Value(arithmetic.First);
        foreach (var (sign, at, node) in arithmetic.Rest)
        {
            value = Combine(at, sign, value, Value(node));
        }

        return value;
    }

    private object Combine(At at, string sign, object? left, object? right)
    {
        switch (sign, left, right)
        {
            case ("+", string a, string b):
                budget.Make(at, (long)a.Length + b.Length);
                return a + b;
            case ("+", List<object?> or FactList, List<object?> or FactList):
                return (List<object?>)[.. meaning.Items(at, left), .. meaning.Items(at, right)];
            case ("|", Table a, Table b):
                budget.Make(at, (long)a.Count + b.Count);
                return Merge(a, b);
            case ("|", List<object?> a, List<object?> b):
                return functions.Distinct(at, [.. meaning.Items(at, a), .. meaning.Items(at, b)]);
            case ("-", List<object?> a, List<object?> b):
                return meaning.Items(at, a).FindAll(i => !meaning.Contains(at, b, i));
            case ("*", string or List<object?>, long count):
                return Repeat(at, left, count);
            case ("%", string, _):
                throw at.Fault("Texts are filled in with format strings, such as f\"{user.username}\".");
            default:
                return Arithmetic.Apply(at, sign, left, right);
        }
    }

    private object Repeat(At at, object? value, long count)
    {
        count = Math.Max(0, count);
        var length = value is string text ? text.Length : ((List<object?>)value!).Count; // one of the two
        budget.Make(at, count > Limits.Made ? long.MaxValue : length * count);
        return value is string repeated
            ? string.Concat(Enumerable.Repeat(repeated, length == 0 ? 0 : (int)count))
            : Enumerable.Repeat((List<object?>)value!, length == 0 ? 0 : (int)count).SelectMany(l => l).ToList();
    }

    private static Table Merge(Table left, Table right)
    {
        var made = new Table();
        foreach (var entry in left.Concat(right))
        {
            made[entry.Key] = entry.Value;
        }

        return made;
    }

    private List<object?> ListOf(Node.ListOf list)
    {
        List<object?> made = new(list.Items.Count);
        foreach (var item in list.Items)
        {
            budget.Make(item.At, 1);
            if (item is Node.Spread spread)
            {
                made.AddRange(meaning.Items(spread.At, Value(spread.Inner)));
            }
            else
            {
                made.Add(Value(item));
            }
        }

        return list.IsSet ? functions.Distinct(list.At, made) : made;
    }

    private Table DictOf(Node.DictOf dict)
    {
        var made = new Table();
        foreach (var (key, node) in dict.Entries)
        {
            budget.Make(dict.At, 1);
            var value = Value(node);
            if (key is not null)
            {
                made[KeyOf(key.At, Value(key))] = value;
                continue;
            }

            var other = value as Table ?? throw node.At.Fault($"'**' needs a dictionary; this is {Meaning.KindOf(value)}.");
            budget.Make(node.At, other.Count);
            other.ToList().ForEach(e => made[e.Key] = e.Value);
        }

        return made;
    }

    private object Comprehend(Node.Comprehension comprehension)
    {
        List<object?> list = [];
        var table = new Table();
        var before = new Dictionary<string, object?>(locals, StringComparer.Ordinal);
        Walk(0);
        locals.Clear();
        before.ToList().ForEach(l => locals[l.Key] = l.Value); // its names are its own
        return comprehension.Key is not null ? table : comprehension.IsSet ? functions.Distinct(comprehension.At, list) : list;

        void Walk(int clause)
        {
            if (clause == comprehension.Clauses.Count)
            {
                budget.Make(comprehension.At, 1);
                if (comprehension.Key is { } key)
                {
                    table[KeyOf(key.At, Value(key))] = Value(comprehension.Value);
                }
                else
                {
                    list.Add(Value(comprehension.Value));
                }

                return;
            }

            var (names, source, conditions) = comprehension.Clauses[clause];
            foreach (var item in meaning.Items(source.At, Value(source)))
            {
                budget.Step(source.At);
                Assign(source.At, names, item);
                if (conditions.All(c => Meaning.IsTrue(Value(c))))
                {
                    Walk(clause + 1);
                }
            }
        }
    }

    private string FormatOf(Node.Format format)
    {
        var parts = format.Parts.Select(p => meaning.Text(p.At, Value(p))).ToList();
        budget.Make(format.At, parts.Sum(p => (long)p.Length));
        return string.Concat(parts);
    }

    private static string Short(string name) => name.Length > 40 ? name[..40] + "..." : name;
}
