using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Http;

/// <summary>What was found in the body of a request.</summary>
internal abstract record JsonBody
{
    /// <summary>The most an API takes.</summary>
    public const int Largest = 1024 * 1024;

    private JsonBody()
    {
    }

    /// <summary>An object. Every string in it is valid text without U+0000, no object names a key twice.</summary>
    public sealed record Read(JsonElement Root) : JsonBody;

    /// <summary>Not JSON, or JSON that could be read in two ways.</summary>
    public sealed record Malformed(string Reason) : JsonBody;

    /// <summary>JSON, but no object.</summary>
    public sealed record NotAnObject(JsonElement Root) : JsonBody;

    /// <summary>Over <see cref="Largest"/>.</summary>
    public sealed record TooLarge : JsonBody;

    /// <summary>Reads the whole body; an empty one counts as an empty object.</summary>
    public static async Task<JsonBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > Largest)
        {
            return new TooLarge();
        }

        using var bytes = new MemoryStream();
        try
        {
            var buffer = new byte[16 * 1024];
            for (int read; (read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                if (bytes.Length + read > Largest)
                {
                    return new TooLarge();
                }

                await bytes.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        catch (BadHttpRequestException)
        {
            return new Malformed("the body ended early or was framed wrongly");
        }

        return Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    /// <summary>Reads a body that shall be a list; null when it is none.</summary>
    public static async Task<IReadOnlyList<JsonElement>?> ReadListAsync(HttpRequest request, CancellationToken cancellationToken) =>
        await ReadAsync(request, cancellationToken) is NotAnObject { Root: { ValueKind: JsonValueKind.Array } list } ? [.. list.EnumerateArray()] : null;

    /// <summary>Reads bytes that are at hand.</summary>
    public static JsonBody Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            bytes = "{}"u8.ToArray();
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement.Clone();
            return HasOddText(root) ? new Malformed("a string holds U+0000")
                : root.ValueKind == JsonValueKind.Object ? new Read(root)
                : new NotAnObject(root);
        }
        catch (JsonException fault)
        {
            return new Malformed($"not JSON, or nested too deep, or a key stands twice: line {fault.LineNumber + 1}, byte {fault.BytePositionInLine}");
        }
        catch (InvalidOperationException)
        {
            // Thrown by GetString for a lone surrogate and for bytes that are not UTF-8.
            return new Malformed("a string is not valid Unicode");
        }
    }

    // Looks at every string once, so that no later reader has to think of it; PostgreSQL can't keep U+0000.
    private static bool HasOddText(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => IsOdd(element.GetString()),
        JsonValueKind.Array => element.EnumerateArray().Any(HasOddText),
        JsonValueKind.Object => element.EnumerateObject().Any(p => IsOdd(p.Name) || HasOddText(p.Value)),
        _ => false,
    };

    private static bool IsOdd(string? text) => text?.Contains('\0', StringComparison.Ordinal) == true;
}
