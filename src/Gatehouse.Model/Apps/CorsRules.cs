namespace Gatehouse.Model.Apps;

/// <summary>Which pages of other origins may call an app, as preflights are answered (Fetch §3.2). Each kind is all, or a list.</summary>
public sealed class CorsRules
{
    /// <summary>Pages of any origin.</summary>
    public bool AllowAllOrigins { get; init; }

    /// <summary>Origins as browsers write them, such as <c>https://example.com</c>.</summary>
    public List<string> AllowedOrigins { get; init; } = [];

    /// <summary>Any method.</summary>
    public bool AllowAllMethods { get; init; }

    /// <summary>Methods, upper case.</summary>
    public List<string> AllowedMethods { get; init; } = [];

    /// <summary>Any header.</summary>
    public bool AllowAllHeaders { get; init; }

    /// <summary>Header names.</summary>
    public List<string> AllowedHeaders { get; init; } = [];

    /// <summary>Whether pages may send cookies. Not together with <see cref="AllowAllOrigins"/>.</summary>
    public bool AllowCredentials { get; init; }

    /// <summary>Seconds that a browser may keep the answer: -1 to 86400; null means that it is not said.</summary>
    public int? MaxAge { get; init; }

    /// <summary>Whether pages of <paramref name="origin"/> may call. Browsers write origins in one way, so they are compared as text.</summary>
    public bool Takes(string origin) => AllowAllOrigins || AllowedOrigins.Contains(origin, StringComparer.Ordinal);
}
