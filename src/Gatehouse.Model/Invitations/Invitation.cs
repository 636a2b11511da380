using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Model.Invitations;

/// <summary>Lets somebody enrol. Its id is the secret of its link.</summary>
public sealed class Invitation
{
    /// <summary>Random; whoever knows it may use it.</summary>
    public required Guid Id { get; init; }

    /// <summary>A slug, for administrators.</summary>
    public required string Name { get; set; }

    /// <summary>Null means it does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>What is fixed about whoever enrols, a JSON object; no password.</summary>
    public string FixedDataJson { get; set; } = "{}";

    /// <summary>Whether it is gone once somebody enrolled with it.</summary>
    public bool IsSingleUse { get; set; }

    /// <summary>The only flow it is for; null means any.</summary>
    public Guid? FlowId { get; set; }

    /// <summary>Who made it.</summary>
    public required int CreatedById { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>What events call the invitation <paramref name="id"/>, whose id must not stand where others read.</summary>
    public static string NameInLogs(Guid id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id.ToString())))[..16];

    /// <summary>Where its link leads, below Identity's address.</summary>
    public string PathOf(string flowSlug) => $"/if/flow/{flowSlug}/?itoken={Id}";
}
