namespace Gatehouse.Model.Users;

/// <summary>What kind of user it is; authentik's words.</summary>
public enum UserType
{
    /// <summary>May open the user and admin pages.</summary>
    Internal,

    /// <summary>Signs in to applications only.</summary>
    External,

    /// <summary>A machine; never signs in interactively.</summary>
    ServiceAccount,

    /// <summary>Made by the system.</summary>
    InternalServiceAccount,
}

/// <summary>A person or machine that Identity knows.</summary>
public sealed class User
{
    /// <summary>Integer key of the API; made by the database.</summary>
    public int Id { get; init; }

    /// <summary>Stable id; never reassigned.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>As shown; at most 150 characters.</summary>
    public required string Username { get; set; }

    /// <summary>The form that is unique and looked up: see <see cref="UserNames"/>.</summary>
    public required string UsernameKey { get; set; }

    /// <summary>Full name; may be empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>Canonical address; may be empty; not unique.</summary>
    public string Email { get; set; } = "";

    /// <summary>
    /// Whether the address is only what its owner wrote: nobody with the right to has set it, and no link that was sent there has been opened. Rules
    /// about addresses must not believe it.
    /// </summary>
    public bool IsEmailUnproven { get; set; }

    /// <summary>An inactive user can't sign in and holds no sessions or tokens.</summary>
    public bool IsActive { get; set; } = true;

    /// <summary>Folder in the directory, such as <c>users</c>.</summary>
    public string Path { get; set; } = "users";

    /// <summary>Kind.</summary>
    public UserType Type { get; set; } = UserType.Internal;

    /// <summary>Free attributes, a JSON object.</summary>
    public string AttributesJson { get; set; } = "{}";

    /// <summary>Null means the password is unusable.</summary>
    public string? PasswordHash { get; set; }

    /// <summary>When the password was last set.</summary>
    public DateTimeOffset? PasswordChangedAt { get; set; }

    /// <summary>Moves on when browsers have to forget the second factors that they remember.</summary>
    public int MfaEpoch { get; set; }

    /// <summary>When they last signed in.</summary>
    public DateTimeOffset? LastLoginAt { get; set; }

    /// <summary>When the user was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the user last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>Direct memberships.</summary>
    public List<GroupMember> Groups { get; set; } = [];
}

/// <summary>A group of users; members of a child count as members of its parents.</summary>
public sealed class Group
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Integer number some clients use; made by the database order.</summary>
    public required int Number { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>Whether members may do everything.</summary>
    public bool IsSuperuser { get; set; }

    /// <summary>Free attributes, a JSON object.</summary>
    public string AttributesJson { get; set; } = "{}";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>Direct members.</summary>
    public List<GroupMember> Members { get; set; } = [];

    /// <summary>Groups whose member this group is.</summary>
    public List<GroupParent> Parents { get; set; } = [];
}

/// <summary>A user in a group.</summary>
public sealed class GroupMember
{
    /// <summary>The group.</summary>
    public required Guid GroupId { get; init; }

    /// <summary>The user.</summary>
    public required int UserId { get; init; }

    /// <summary>The group, when loaded.</summary>
    public Group? Group { get; init; }

    /// <summary>The user, when loaded.</summary>
    public User? User { get; init; }
}

/// <summary>A group in a group.</summary>
public sealed class GroupParent
{
    /// <summary>The inner group.</summary>
    public required Guid ChildId { get; init; }

    /// <summary>The outer group.</summary>
    public required Guid ParentId { get; init; }
}
