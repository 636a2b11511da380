using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Web.Http;

/// <summary>The host a request asks for, in the one form that tables are looked up with.</summary>
public static class RequestHost
{
    /// <summary>Lower case, without port. Null when the header is missing, repeated, or anything but a plain host name with an optional port.</summary>
    public static string? Of(HttpRequest request)
    {
        // The raw header: HttpRequest.Host turns A-labels into Unicode.
        var values = request.Headers.Host;
        if (values.Count != 1 || values[0] is not { } text)
        {
            return null;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var host = colon < 0 ? text : text[..colon];
        if (colon >= 0 && !IsPort(text.AsSpan(colon + 1)))
        {
            return null;
        }

        // Most clients send lower case: no copy then.
        var folded = host.AsSpan().ContainsAnyInRange('A', 'Z') ? host.ToLowerInvariant() : host;
        return EmailAddress.IsHost(folded) ? folded : null;
    }

    private static bool IsPort(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= 5 && !text.ContainsAnyExceptInRange('0', '9') && text[0] != '0';
}
