using System.Text.Json;
using Gatehouse.Logging;
using Gatehouse.Verbs;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Host;

/// <summary>One event is one line.</summary>
public class LogLineTests
{
    private const string Hostile = "x\r\nfake line\u001b[31m\u2028\u202e\"}{\"level\":\"error\" \\ \u0000\u0085é";

    [Fact]
    public void L01_a_text_line_holds_no_control_characters()
    {
        var line = LogLine.Text(Event(Hostile));

        Assert.DoesNotContain(line, char.IsControl);
        Assert.DoesNotContain('\u2028', line);
        Assert.DoesNotContain('\u202e', line);
        Assert.Contains("x\\r\\nfake line\\u001b[31m", line, StringComparison.Ordinal);
        Assert.Contains("é", line, StringComparison.Ordinal);
    }

    [Fact]
    public void L01_a_json_line_is_one_object_and_keeps_the_value_whole()
    {
        var line = LogLine.Json(Event(Hostile));

        Assert.DoesNotContain(line, char.IsControl);
        using var parsed = JsonDocument.Parse(line);
        Assert.Equal($"User {Hostile} came", parsed.RootElement.GetProperty("message").GetString());
        Assert.Equal(Hostile, parsed.RootElement.GetProperty("values").GetProperty("User").GetString());
        Assert.Equal("info", parsed.RootElement.GetProperty("level").GetString());
    }

    [Fact]
    public void L01_the_logger_writes_one_line_per_event_with_its_exception()
    {
        using var writer = new StringWriter();
        using (var provider = new LineLoggerProvider(writer, json: false, TimeProvider.System))
        {
            provider.CreateLogger("Gatehouse.Test").Log(LogLevel.Error, 1, Hostile, new InvalidOperationException("a\nb"), (s, _) => s);
        }

        var line = Assert.Single(writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("InvalidOperationException: a\\nb", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("debug")]
    public void L02_the_framework_stays_at_warnings_at_every_level(string level)
    {
        using var writer = new StringWriter();
        var shell = new Shell(TextWriter.Null, writer, name => name == "GATEHOUSE_LOG_LEVEL" ? level : null, TimeProvider.System);
        var faults = new List<string>();
        using (var factory = LoggerFactory.Create(logging => LogSettings.Read(shell, forPrograms: false, faults).Apply(logging, shell)))
        {
            factory.CreateLogger("Microsoft.AspNetCore.Routing").Log(LogLevel.Information, 1, "GET /callback?code=secret", null, (s, _) => s);
            Assert.False(factory.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Critical)); // or each request costs an activity
            factory.CreateLogger("Gatehouse.Access").Log(LogLevel.Debug, 1, "ours", null, (s, _) => s);
        }

        Assert.Empty(faults);
        Assert.DoesNotContain("secret", writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("ours", writer.ToString(), StringComparison.Ordinal);
    }

    private static LogEvent Event(string value) => new(
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        LogLevel.Information,
        "Gatehouse.Test",
        1,
        $"User {value} came",
        [new("User", value), new("{OriginalFormat}", "User {User} came")],
        null);
}
