namespace Gatehouse.Logging;

/// <summary>Logs to one writer, one line per event, as text or as JSON.</summary>
internal sealed class LineLoggerProvider(TextWriter writer, bool json, TimeProvider clock) : ILoggerProvider
{
    private readonly Lock gate = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            writer.Flush();
        }
    }

    private void Write(LogEvent entry)
    {
        var line = json ? LogLine.Json(entry) : LogLine.Text(entry);
        lock (gate)
        {
            writer.WriteLine(line);
            writer.Flush();
        }
    }

    private sealed class LineLogger(LineLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Write(new LogEvent(
                    owner.Clock.GetUtcNow(), logLevel, category, eventId.Id, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>>, exception));
            }
        }

    }

    private TimeProvider Clock => clock;
}
