using System.Data.Common;
using System.Text;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Gatehouse.Store.Connections;

/// <summary>
/// PostgreSQL can't hold U+0000 in a text, nor half of a surrogate pair, and fails the command. A visitor may send one in any value that is looked up,
/// and must get "no such thing", not an error: it becomes U+FFFD, as Unicode §5.22 advises for what can't be represented. SQLite does the latter by itself.
/// </summary>
internal sealed class PostgresText : DbCommandInterceptor
{
    /// <inheritdoc/>
    public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        Mend(command);
        return result;
    }

    /// <inheritdoc/>
    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        Mend(command);
        return new ValueTask<InterceptionResult<DbDataReader>>(result);
    }

    /// <inheritdoc/>
    public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        Mend(command);
        return result;
    }

    /// <inheritdoc/>
    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        Mend(command);
        return new ValueTask<InterceptionResult<int>>(result);
    }

    /// <summary>The text itself when it can be held.</summary>
    internal static string Sound(string text)
    {
        var sound = text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', '\uFFFD') : text;
        return sound.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(sound)) : sound;
    }

    private static void Mend(DbCommand command)
    {
        foreach (DbParameter parameter in command.Parameters)
        {
            if (parameter.Value is string text)
            {
                parameter.Value = Sound(text);
            }
        }
    }
}
