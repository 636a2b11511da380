using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>The shapes of authentik's answers.</summary>
internal static class Answer
{
    /// <summary>200 with an object.</summary>
    public static IResult Ok(JsonNode body) => new JsonAnswer(200, body);

    /// <summary>204.</summary>
    public static IResult NoContent() => new JsonAnswer(204, null);

    /// <summary>An error about the whole request.</summary>
    public static IResult Detail(int status, string text) => new JsonAnswer(status, new JsonObject { ["detail"] = text });

    /// <summary>403 for somebody who is known.</summary>
    public static IResult Forbidden() => Detail(403, "You do not have permission to perform this action.");

    /// <summary>200 with a plain list.</summary>
    public static IResult List<T>(IEnumerable<T> items, Func<T, JsonNode?> body) => Ok(JsonList.Of(items, body));

    /// <summary>404 in the words of the object's model.</summary>
    public static IResult NotFound(string model) => Detail(404, $"No {model} matches the given query.");

    /// <summary>An object, or 404.</summary>
    public static IResult OneOf<T>(T? found, string model, Func<T, JsonObject> body)
        where T : class => found is null ? NotFound(model) : Ok(body(found));

    /// <summary>How a write ended; <paramref name="done"/> is asked when it was saved.</summary>
    public static async Task<IResult> OfAsync<T>(WriteResult<T> result, string model, Func<T, Task<IResult>> done) => result switch
    {
        WriteResult<T>.Done saved => await done(saved.Value),
        WriteResult<T>.Refused refused => Refused(refused.Faults),
        WriteResult<T>.Taken taken => Refused([taken.Fault]),
        WriteResult<T>.InUse used => Refused([new Fault("non_field_errors", used.Reason)]),
        WriteResult<T>.Missing => NotFound(model),
        WriteResult<T>.Stale => Detail(409, "Somebody else is changing this object; try again."),
        _ => throw new UnreachableException(),
    };

    /// <summary>400 with the texts under their fields; faults inside lists stand at their place.</summary>
    public static IResult Refused(IEnumerable<Fault> faults)
    {
        var body = new JsonObject();
        foreach (var fault in faults)
        {
            Place(body, fault.Field.Split('.'), fault.Text);
        }

        return new JsonAnswer(400, body);
    }

    private static void Place(JsonObject body, ReadOnlySpan<string> path, string text)
    {
        var name = path[0];
        if (path.Length == 1)
        {
            if (body[name] is not JsonArray texts)
            {
                body[name] = texts = [];
            }

            texts.Add(text);
        }
        else if (int.TryParse(path[1], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            if (body[name] is not JsonArray items)
            {
                body[name] = items = [];
            }

            while (items.Count <= index)
            {
                items.Add(new JsonObject());
            }

            Place((JsonObject)items[index]!, path[2..], text); // filled just above
        }
        else
        {
            if (body[name] is not JsonObject inner)
            {
                body[name] = inner = [];
            }

            Place(inner, path[1..], text);
        }
    }
}
