using Gatehouse.Identity.SignIn.Flows;
using Microsoft.AspNetCore.WebUtilities;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>The query of an authorization request on its way through our own pages.</summary>
internal static class AuthorizeQuery
{
    /// <summary>The endpoint, relative: flows go on to relative URLs only.</summary>
    public const string Path = "/application/o/authorize/";

    /// <summary>Parameter: the person said no on our own page. Whoever adds it by hand says no too.</summary>
    public const string Declined = "gh_declined";

    /// <summary>The endpoint with a request to which the person has said no: it tells the client (RFC 6749 §4.1.2.1).</summary>
    public static string Decline(string query) => $"{Path}?{Clean(query)}&{Declined}=1";

    /// <summary><paramref name="query"/> byte for byte, without its question mark and our markers of an earlier round.</summary>
    public static string Clean(string query) => Without(Ascii(query.TrimStart('?')), RoundMarkers.Login, RoundMarkers.Consent, RoundMarkers.Account, Declined);

    /// <summary>The page of a flow that comes back to the authorize endpoint with <paramref name="query"/> and <paramref name="marker"/>; <paramref name="isAgain"/> asks also who is signed in or remembered.</summary>
    public static string LoginPage(string flowSlug, string query, string? marker, bool isAgain)
    {
        var back = Path + "?" + query + (marker is null ? "" : $"&{RoundMarkers.Login}={marker}");

        // Parameters of the flow page itself must not come from a request that a stranger wrote.
        var again = isAgain ? $"&{FlowQuery.SignInAgain}=1" : "";
        return $"/if/flow/{flowSlug}/?{Without(query, "next", "flow_token", "itoken", FlowQuery.SignInAgain)}{again}&next={Uri.EscapeDataString(back)}";
    }

    // A query that came through the executor was decoded once and can hold anything; one from a request line holds ASCII only.
    private static string Ascii(string query) => query.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? string.Concat(query.EnumerateRunes().Select(r => r.Value is >= '!' and <= '~' ? r.ToString() : Uri.EscapeDataString(r.ToString())))
        : query;

    private static string Without(string query, params ReadOnlySpan<string> names)
    {
        var kept = new List<string>();
        foreach (var segment in query.Split('&'))
        {
            foreach (var pair in new QueryStringEnumerable(segment))
            {
                // A segment is one pair; one without a name is dropped with the markers.
                if (!names.Contains(pair.DecodeName().ToString()))
                {
                    kept.Add(segment);
                }
            }
        }

        return string.Join('&', kept);
    }
}
