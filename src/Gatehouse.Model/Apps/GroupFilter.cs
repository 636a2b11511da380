using System.Text.RegularExpressions;
using Gatehouse.Model.Expressions;

namespace Gatehouse.Model.Apps;

/// <summary>Which groups a SaaS application is told of: those whose names a pattern matches. The pattern can't be made slow.</summary>
public sealed class GroupFilter
{
    private readonly Regex? pattern;

    private GroupFilter(Regex? pattern) => this.pattern = pattern;

    /// <summary>What is wrong with <paramref name="pattern"/>; null means nothing.</summary>
    public static string? FaultOf(string pattern) => SafeRegex.TryMake(pattern, out var fault) is null ? fault : null;

    /// <summary>The filter of <paramref name="pattern"/>; one that can't be read lets no group through.</summary>
    public static GroupFilter Of(string pattern) => new(SafeRegex.TryMake(pattern, out _));

    /// <summary>Whether the client may know of <paramref name="group"/>.</summary>
    public bool Takes(string group)
    {
        try
        {
            return pattern?.IsMatch(group) == true;
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
