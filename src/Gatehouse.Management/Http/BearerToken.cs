using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Http;

/// <summary>What the Authorization header of a request holds.</summary>
internal abstract record BearerToken
{
    private BearerToken()
    {
    }

    /// <summary>No such header.</summary>
    public sealed record Absent : BearerToken;

    /// <summary>Another scheme, two headers, or no plain token (RFC 6750 §2.1).</summary>
    public sealed record Malformed : BearerToken;

    /// <summary>A bearer token. A class would print no better: it is never printed.</summary>
    public sealed record Present(string Key) : BearerToken
    {
        /// <inheritdoc/>
        public override string ToString() => "***";
    }

    /// <summary>Reads the header.</summary>
    public static BearerToken Of(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var values = request.Headers.Authorization;
        if (values.Count == 0)
        {
            return new Absent();
        }

        var text = values.Count == 1 ? values[0] ?? "" : "";
        var key = text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..].Trim(' ') : "";
        return key.Length is > 0 and <= 4096 && !key.AsSpan().ContainsAnyExceptInRange('!', '~') ? new Present(key) : new Malformed();
    }
}
