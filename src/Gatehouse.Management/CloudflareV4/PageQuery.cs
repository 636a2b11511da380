using System.Globalization;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>Reads the query of a list. Keeps every fault.</summary>
internal sealed class PageQuery(IQueryCollection query)
{
    private const int DefaultSize = 25;
    private const int LargestSize = 1000;

    private readonly List<Fault> faults = [];

    public string? Text(string name) => query[name] is { Count: > 0 } values && !string.IsNullOrEmpty(values[^1]) ? values[^1] : null;

    public bool Flag(string name)
    {
        switch (Text(name))
        {
            case null or "false":
                return false;
            case "true":
                return true;
            default:
                faults.Add(new Fault("", $"{name} must be true or false"));
                return false;
        }
    }

    /// <summary>A filter that Cloudflare has and we do not.</summary>
    public void NotSupported(string name)
    {
        if (query.ContainsKey(name))
        {
            faults.Add(new Fault("", $"filter {name} is not supported yet"));
        }
    }

    /// <summary>A whole list, for what clients ask for in one request.</summary>
    public IResult Whole<T>(IReadOnlyList<T> items, Func<T, System.Text.Json.Nodes.JsonObject> body) =>
        faults.Count > 0 ? Envelope.Refused(faults) : Envelope.Page(new Slice<T>(items, items.Count), new Paging(1, Math.Max(items.Count, 1)), body);

    /// <summary>Notes a fault.</summary>
    public void Refuse(string text) => faults.Add(new Fault("", text));

    /// <summary>The page asked for. Call when all filters were read.</summary>
    public async Task<IResult> AnswerAsync<T>(Func<Paging, Task<Slice<T>>> read, Func<T, System.Text.Json.Nodes.JsonObject> body)
    {
        var page = Number("page", 1, int.MaxValue);
        var size = Number("per_page", DefaultSize, LargestSize);
        if (faults.Count > 0)
        {
            return Envelope.Refused(faults);
        }

        var paging = new Paging(page, size);
        return Envelope.Page(await read(paging), paging, body);
    }

    /// <summary>400 with every fault; null when there is none.</summary>
    public IResult? Fault => faults.Count > 0 ? Envelope.Refused(faults) : null;

    /// <summary>A whole number; <paramref name="other"/> when it is not given.</summary>
    public int Number(string name, int other, int largest)
    {
        if (Text(name) is not { } text)
        {
            return other;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= largest)
        {
            return number;
        }

        faults.Add(new Fault("", $"{name} must be a whole number from 1 to {largest}"));
        return other;
    }
}
