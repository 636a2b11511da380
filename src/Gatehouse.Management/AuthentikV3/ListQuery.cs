using System.Globalization;
using System.Linq.Expressions;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>The fields a list may be ordered by, under their names in the API; the first is the default.</summary>
internal sealed class Ordering<T>(params (string Name, Expression<Func<T, object?>> Field)[] fields)
{
    public IReadOnlyList<(string Name, Expression<Func<T, object?>> Field)> Fields => fields;

    /// <summary>The primary key: the last word wherever rows are equal otherwise, or pages would repeat some and leave out others.</summary>
    public Expression<Func<T, object?>> Key { get; } = fields.First(f => f.Name == "pk").Field;
}

/// <summary>Reads the query of a list: page, order, search and filters. Keeps every fault.</summary>
internal sealed class ListQuery(IQueryCollection query)
{
    private const int DefaultSize = 20;
    private const int LargestSize = 100;

    private readonly List<Fault> faults = [];

    public string? Search => Text("search");

    public string? Text(string name) => query[name] is { Count: > 0 } values && !string.IsNullOrEmpty(values[^1]) ? values[^1] : null;

    public IReadOnlyList<string> Texts(string name) => [.. query[name].OfType<string>().Where(v => v.Length > 0)];

    public bool? Flag(string name)
    {
        switch (Text(name)?.ToLowerInvariant())
        {
            case null:
                return null;
            case "true" or "1":
                return true;
            case "false" or "0":
                return false;
            default:
                faults.Add(new Fault(name, "Enter true or false."));
                return null;
        }
    }

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        faults.Add(new Fault(name, "Enter a valid date/time."));
        return null;
    }

    /// <summary>A field's three filters: exact, after, before.</summary>
    public TimeRange Times(string name) => new(Time(name), Time(name + "__gt"), Time(name + "__lt"));

    /// <summary>A filter that is a JSON object.</summary>
    public JsonElement? Json(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            // Told below; there is no Try form that reads a whole text.
        }

        faults.Add(new Fault(name, "Enter a JSON object."));
        return null;
    }

    public int? Integer(string name) => Text(name) is { } text ? OneNumber(name, text) : null;

    /// <summary>A whole number that may be below zero.</summary>
    public int? Signed(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        faults.Add(new Fault(name, "Enter a whole number."));
        return null;
    }

    /// <summary>Whether all that was read so far is in order.</summary>
    public IResult? Refusal => faults.Count > 0 ? Answer.Refused(faults) : null;

    public Guid? Id(string name) => Text(name) is { } text ? OneId(name, text) : null;

    public IReadOnlyList<Guid> Ids(string name) => [.. Texts(name).Select(t => OneId(name, t)).OfType<Guid>()];

    public IReadOnlyList<int> Numbers(string name) => [.. Texts(name).Select(t => OneNumber(name, t)).OfType<int>()];

    public TValue? Choice<TValue>(string name, IReadOnlyDictionary<string, TValue> choices)
        where TValue : struct => Text(name) is { } text ? OneChoice(name, text, choices) : null;

    public IReadOnlyList<TValue> Choices<TValue>(string name, IReadOnlyDictionary<string, TValue> choices)
        where TValue : struct => [.. Texts(name).Select(t => OneChoice(name, t, choices)).OfType<TValue>()];

    /// <summary>One of some words.</summary>
    public string? Word(string name, IReadOnlyCollection<string> choices)
    {
        if (Text(name) is not { } word || choices.Contains(word))
        {
            return Text(name);
        }

        faults.Add(new Fault(name, $"Select a valid choice. {word} is not one of the available choices."));
        return null;
    }

    /// <summary>Filters that authentik has and we do not: leaving them out of account would list what nobody asked for.</summary>
    public void NotSupported(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (query.ContainsKey(name))
            {
                faults.Add(new Fault(name, "This filter is not supported yet."));
            }
        }
    }

    /// <summary>How the list is ordered.</summary>
    public Func<IQueryable<T>, IQueryable<T>> Order<T>(Ordering<T> known)
    {
        var wanted = Text("ordering") ?? known.Fields[0].Name;
        List<(Expression<Func<T, object?>> Field, bool Down)> steps = [];
        foreach (var part in wanted.Split(','))
        {
            var down = part.StartsWith('-');
            var name = down ? part[1..] : part;
            if (known.Fields.FirstOrDefault(f => f.Name == name).Field is { } field)
            {
                steps.Add((field, down));
            }
            else
            {
                faults.Add(new Fault("ordering", $"Can't order by '{name}'. Known: {string.Join(", ", known.Fields.Select(f => f.Name))}."));
            }
        }

        steps.Add((known.Key, false));
        return rows => steps.Aggregate(rows, (ordered, step) => (ordered as IOrderedQueryable<T>, step.Down) switch
        {
            ({ } earlier, true) when ordered != rows => earlier.ThenByDescending(step.Field),
            ({ } earlier, false) when ordered != rows => earlier.ThenBy(step.Field),
            (_, true) => ordered.OrderByDescending(step.Field),
            _ => ordered.OrderBy(step.Field),
        });
    }

    /// <summary>The list in authentik's envelope. Call when all filters were read.</summary>
    public async Task<IResult> AnswerAsync<T>(Func<Paging, Task<Slice<T>>> read, Func<T, JsonObject> body)
    {
        if (faults.Count > 0)
        {
            return Answer.Refused(faults);
        }

        var page = Text("page") is { } text ? Number(text) : 1;
        var size = Number(Text("page_size") ?? "") is { } asked and > 0 ? Math.Min(asked, LargestSize) : DefaultSize;
        if (page is not > 0)
        {
            return Answer.Detail(404, "Invalid page.");
        }

        var paging = new Paging(page.Value, size);
        var slice = await read(paging);
        return slice.Items.Count == 0 && page > 1 ? Answer.Detail(404, "Invalid page.") : Answer.Ok(Envelope(slice, paging, body));
    }

    private static JsonObject Envelope<T>(Slice<T> slice, Paging paging, Func<T, JsonObject> body)
    {
        var pages = Math.Max(1, (slice.Total + paging.Size - 1) / paging.Size);
        return new JsonObject
        {
            ["pagination"] = new JsonObject
            {
                ["next"] = paging.Page < pages ? paging.Page + 1 : 0,
                ["previous"] = paging.Page - 1,
                ["count"] = slice.Total,
                ["current"] = paging.Page,
                ["total_pages"] = pages,
                ["start_index"] = slice.Total == 0 ? 0 : paging.Skip + 1,
                ["end_index"] = paging.Skip + slice.Items.Count,
            },
            ["results"] = JsonList.Of(slice.Items, body),
            ["autocomplete"] = new JsonObject(),
        };
    }

    private Guid? OneId(string name, string text)
    {
        if (Guid.TryParse(text, out var id))
        {
            return id;
        }

        faults.Add(new Fault(name, "Enter a valid UUID."));
        return null;
    }

    private int? OneNumber(string name, string text)
    {
        if (Number(text) is { } number)
        {
            return number;
        }

        faults.Add(new Fault(name, "Enter a whole number."));
        return null;
    }

    private TValue? OneChoice<TValue>(string name, string text, IReadOnlyDictionary<string, TValue> choices)
        where TValue : struct
    {
        if (choices.TryGetValue(text, out var value))
        {
            return value;
        }

        faults.Add(new Fault(name, $"Select a valid choice. {text} is not one of the available choices."));
        return null;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
