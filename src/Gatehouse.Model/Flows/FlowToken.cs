using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Flows;

/// <summary>A link into a flow for one person, sent to them or handed over by an administrator. Works once.</summary>
public sealed class FlowToken
{
    /// <summary>SHA-256 of the token in the link, lower-case hex; the token itself is kept nowhere.</summary>
    public required string Hash { get; init; }

    /// <summary>The flow it leads into.</summary>
    public required Guid FlowId { get; init; }

    /// <summary>For whom.</summary>
    public required int UserId { get; init; }

    /// <summary>How far the run was that sent it, as JSON; null means it begins the flow.</summary>
    public string? StateJson { get; init; }

    /// <summary>Which password they had: see <see cref="MarkOf"/>. A link does not outlive it.</summary>
    public required string PasswordMark { get; init; }

    /// <summary>The address it was sent to; null when it was handed over. A link does not outlive a change of it.</summary>
    public string? Address { get; init; }

    /// <summary>Whether opening it makes the user active.</summary>
    public bool Activates { get; init; }

    /// <summary>Unique. Counted places in a stretch of time bound how many links one person is sent.</summary>
    public required string Slot { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Null means unused.</summary>
    public DateTimeOffset? UsedAt { get; set; }

    /// <summary>A fresh token, for a link.</summary>
    public static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The form in which tokens are kept.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Names a kept password without holding it; also for nobody's.</summary>
    public static string MarkOf(string? passwordHash) => HashOf("password\n" + passwordHash);

    /// <summary>The path of the link.</summary>
    public static string PathOf(string flowSlug, string token) => $"/if/flow/{flowSlug}/?flow_token={token}";
}
