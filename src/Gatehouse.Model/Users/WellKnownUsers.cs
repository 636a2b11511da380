namespace Gatehouse.Model.Users;

/// <summary>Names that every installation starts with; authentik's, since guides and scripts know them.</summary>
public static class WellKnownUsers
{
    /// <summary>The first administrator.</summary>
    public const string Admin = "akadmin";

    /// <summary>The group whose members may do everything.</summary>
    public const string AdminsGroup = "authentik Admins";
}
