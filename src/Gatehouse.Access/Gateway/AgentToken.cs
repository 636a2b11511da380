using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>The form in which programs that act for a person send an app token: <c>Authorization: Bearer oauth:...</c>. An origin's own bearer tokens look otherwise.</summary>
internal static class AgentToken
{
    /// <summary>What stands before the token.</summary>
    public const string Prefix = "oauth:";

    private const string Scheme = "Bearer ";

    /// <summary>The token; null when there is none.</summary>
    public static string? Of(HttpRequest request) => request.Headers.Authorization is [{ } only] && Is(only) ? only.AsSpan(Scheme.Length).Trim(' ')[Prefix.Length..].ToString() : null;

    /// <summary>Whether this value of the header is meant for us, and so for no origin.</summary>
    public static bool Is(string value) =>
        value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && value.AsSpan(Scheme.Length).TrimStart(' ').StartsWith(Prefix, StringComparison.Ordinal);
}
