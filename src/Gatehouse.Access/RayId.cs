using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access;

/// <summary>Names a request on answers that are ours: 16 hex digits in <c>CF-Ray</c> and on the page.</summary>
internal static class RayId
{
    /// <summary>The header it travels in.</summary>
    public const string Header = "CF-Ray";

    /// <summary>The id of this answer, made when first asked for.</summary>
    public static string Of(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (headers[Header] is [{ } given])
        {
            return given;
        }

        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        headers[Header] = id;
        return id;
    }
}
