using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>Ends a request that comes back to us because a hostname's service is, in the end, a gateway again (RFC 8586).</summary>
internal static class LoopGuard
{
    /// <summary>The header that lists the proxies passed.</summary>
    public const string Header = "CDN-Loop";

    /// <summary>Our entry in it.</summary>
    public const string Mark = "gatehouse";

    // Two gateways in a row are a design; five are a circle.
    private const int Most = 4;

    /// <summary>Whether the request went round too often.</summary>
    public static bool IsLooping(HttpRequest request)
    {
        var passed = request.Headers[Header];
        if (passed.Count == 0)
        {
            return false;
        }

        return passed.ToString().AsSpan().Count(Mark) > Most;
    }
}
