using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>The id of an answer, in header CF-Ray and on its page; a decision made for it has the same id.</summary>
internal static class RayId
{
    private const string Header = "CF-Ray";
    private const int Length = 16;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>16 lower-case hex digits: those already in the header, or new ones that are put there.</summary>
    public static string Of(HttpContext context)
    {
        if (context.Response.Headers[Header] is [{ Length: >= Length } set] && !set.AsSpan(0, Length).ContainsAnyExcept(Hex))
        {
            return set[..Length];
        }

        var made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length / 2));
        context.Response.Headers[Header] = made;
        return made;
    }
}
