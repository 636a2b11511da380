using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Npgsql;

namespace Gatehouse.Store.Connections;

/// <summary>Reads <c>postgres://user:password@host:port/database?sslmode=require</c>.</summary>
public static class PostgresUrl
{
    private const string Expected = "expected postgres://user:password@host:port/database?sslmode=require";
    private const string KnownParameters = "sslmode, sslrootcert, application_name, connect_timeout, command_timeout, host";

    /// <summary>Reads a URL. <paramref name="fault"/> says what was found and what was expected; it never holds the password.</summary>
    public static bool TryParse(string url, [NotNullWhen(true)] out NpgsqlConnectionStringBuilder? connection, [NotNullWhen(false)] out string? fault)
    {
        connection = null;
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0 || url[..scheme] is not ("postgres" or "postgresql"))
        {
            // Whatever stands before :// is shown, not what follows: that may hold a password.
            fault = $"the database URL begins with '{(scheme < 0 ? "no scheme" : url[..scheme])}'; {Expected}";
            return false;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var parts))
        {
            fault = $"the database URL can't be read; {Expected}, with special characters in the user or password percent-encoded";
            return false;
        }

        // Three seconds bound what a sign-in waits for while the database is slow.
        var made = new NpgsqlConnectionStringBuilder { ApplicationName = "gatehouse", Timeout = 3, CommandTimeout = 3, CancellationTimeout = 500, MaxPoolSize = 50 };
        fault = ReadAuthority(parts, made) ?? ReadParameters(parts, made) ?? Missing(made);
        connection = fault is null ? made : null;
        return fault is null;
    }

    private static string? ReadAuthority(Uri parts, NpgsqlConnectionStringBuilder made)
    {
        var user = parts.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            made.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            made.Password = Uri.UnescapeDataString(user[1]);
        }

        if (parts.Host.Length > 0)
        {
            made.Host = parts.IdnHost.Trim('[', ']');
        }

        made.Port = parts.Port > 0 ? parts.Port : 5432;
        var database = parts.AbsolutePath.Trim('/');
        if (database.Contains('/', StringComparison.Ordinal))
        {
            return $"the database URL has the path '{parts.AbsolutePath}'; expected one name, such as /gatehouse";
        }

        made.Database = Uri.UnescapeDataString(database);
        return parts.Fragment.Length > 0 ? "the database URL holds a '#'; write it as %23" : null;
    }

    private static string? ReadParameters(Uri parts, NpgsqlConnectionStringBuilder made)
    {
        foreach (var pair in parts.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            var value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            if (Read(name, value, made) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private static string? Read(string name, string value, NpgsqlConnectionStringBuilder made)
    {
        switch (name)
        {
            case "sslmode" when SslModeOf(value) is { } mode:
                made.SslMode = mode;
                return null;
            case "sslmode":
                return $"sslmode is '{value}'; expected disable, allow, prefer, require, verify-ca or verify-full";
            case "sslrootcert":
                made.RootCertificate = value;
                return null;
            case "application_name":
                made.ApplicationName = value;
                return null;
            case "host":
                made.Host = value;
                return null;
            case "connect_timeout" or "command_timeout" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 60:
                (made.Timeout, made.CommandTimeout) = name == "connect_timeout" ? (seconds, made.CommandTimeout) : (made.Timeout, seconds);
                return null;
            case "connect_timeout" or "command_timeout":
                return $"{name} is '{value}'; expected 1 to 60 seconds";
            default:
                return $"the database URL has the parameter '{name}'; known: {KnownParameters}";
        }
    }

    private static string? Missing(NpgsqlConnectionStringBuilder made) => made switch
    {
        { Host: null or "" } => $"the database URL names no host; {Expected}",
        { Database: null or "" } => $"the database URL names no database; {Expected}",
        { Username: null or "" } => $"the database URL names no user; {Expected}",
        _ => null,
    };

    private static SslMode? SslModeOf(string value) => value switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => null,
    };
}
