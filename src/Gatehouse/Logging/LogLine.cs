using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Logging;

/// <summary>Something worth a line.</summary>
internal readonly record struct LogEvent(
    DateTimeOffset At,
    LogLevel Level,
    string Category,
    int Id,
    string Message,
    IReadOnlyList<KeyValuePair<string, object?>>? Values,
    Exception? Exception);

/// <summary>Writes an event as exactly one line, whatever its values hold.</summary>
internal static class LogLine
{
    /// <summary>For people: time, level, event id, message.</summary>
    public static string Text(LogEvent entry)
    {
        var line = $"{Time(entry)} {Word(entry.Level),-5} {entry.Id.ToString(CultureInfo.InvariantCulture)} {LogText.Escape(entry.Message)}";
        return entry.Exception is null ? line : $"{line} | {LogText.Escape(entry.Exception.ToString())}";
    }

    /// <summary>For programs: one object, the values of the message beside it.</summary>
    public static string Json(LogEvent entry)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer)) // the default encoder escapes controls and everything beyond ASCII
        {
            writer.WriteStartObject();
            writer.WriteString("time", Time(entry));
            writer.WriteString("level", Word(entry.Level));
            writer.WriteNumber("event", entry.Id);
            writer.WriteString("source", entry.Category);
            writer.WriteString("message", entry.Message);
            WriteValues(writer, entry.Values);
            if (entry.Exception is not null)
            {
                writer.WriteString("exception", entry.Exception.ToString());
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteValues(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, object?>>? values)
    {
        if (values is null)
        {
            return;
        }

        writer.WriteStartObject("values");
        foreach (var (name, value) in values)
        {
            if (name != "{OriginalFormat}")
            {
                writer.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
            }
        }

        writer.WriteEndObject();
    }

    private static string Time(LogEvent entry) => entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
