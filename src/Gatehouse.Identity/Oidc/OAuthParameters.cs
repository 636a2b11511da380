using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Gatehouse.Identity.Oidc;

/// <summary>The parameters of a request. Names are compared byte for byte; an empty value counts as absent (RFC 6749 §3.1).</summary>
internal sealed class OAuthParameters
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> repeated = new(StringComparer.Ordinal);

    /// <summary>The value sent once; null when absent, empty or sent more than once.</summary>
    public string? this[string name] => !repeated.Contains(name) && values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>Reads a query string, with or without its question mark.</summary>
    public static OAuthParameters OfQuery(string query)
    {
        var parameters = new OAuthParameters();
        foreach (var pair in new QueryStringEnumerable(query))
        {
            parameters.Add(pair.DecodeName().ToString(), pair.DecodeValue().ToString());
        }

        return parameters;
    }

    /// <summary>Takes over our own marks of the round from what the browser brought; any that are here already stay out.</summary>
    public OAuthParameters WithMarkersOf(OAuthParameters outer)
    {
        foreach (var name in (ReadOnlySpan<string>)[RoundMarkers.Login, RoundMarkers.Consent, RoundMarkers.Account, AuthorizeQuery.Declined])
        {
            values.Remove(name);
            if (outer[name] is { } marker)
            {
                Add(name, marker);
            }
        }

        return this;
    }

    /// <summary>Reads a posted form; null when the body is none that can be read, or too large.</summary>
    public static async Task<OAuthParameters?> OfFormAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (await PostedForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return null;
        }

        var parameters = new OAuthParameters();
        foreach (var (name, texts) in form)
        {
            foreach (var text in texts)
            {
                parameters.Add(name, text ?? "");
            }
        }

        return parameters;
    }

    /// <summary>The first of <paramref name="names"/> that was sent more than once, or null.</summary>
    public string? FirstRepeated(IEnumerable<string> names) => repeated.Count == 0 ? null : names.FirstOrDefault(repeated.Contains);

    /// <summary>Whether the parameter was sent at all, even empty.</summary>
    public bool Has(string name) => values.ContainsKey(name);

    private void Add(string name, string value)
    {
        if (!values.TryAdd(name, value))
        {
            repeated.Add(name);
        }
    }
}
