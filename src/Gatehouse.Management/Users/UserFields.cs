using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;

namespace Gatehouse.Management.Users;

/// <summary>What a caller says about a user. Absent fields stay as they are.</summary>
internal sealed class UserFields
{
    public Maybe<string> Username { get; init; }

    public Maybe<string> Name { get; init; }

    public Maybe<string> Email { get; init; }

    public Maybe<bool> IsActive { get; init; }

    public Maybe<string> Path { get; init; }

    public Maybe<UserType> Type { get; init; }

    public Maybe<string> AttributesJson { get; init; }

    public Maybe<DateTimeOffset?> LastLoginAt { get; init; }

    /// <summary>Direct memberships, all of them.</summary>
    public Maybe<List<Guid>> Groups { get; init; }

    /// <summary>Puts the fields into <paramref name="user"/>; says what breaks a rule.</summary>
    public IEnumerable<Fault> ApplyTo(User user)
    {
        List<Fault> faults = [];
        if (Username.Is(out var username))
        {
            var key = UserNames.Key(username, out var fault);
            if (key is null)
            {
                faults.Add(new Fault("username", fault));
            }

            user.Username = username;
            user.UsernameKey = key ?? "";
        }

        if (Email.Is(out var email))
        {
            var address = email.Length == 0 ? "" : EmailAddress.Canonical(email);
            if (address is null)
            {
                faults.Add(new Fault("email", "Enter one plain e-mail address, such as ada@example.com, or leave it empty."));
            }

            // Set by somebody who may; left as it is, it stays what it was.
            user.IsEmailUnproven = user.IsEmailUnproven && address == user.Email;
            user.Email = address ?? "";
        }

        if (Path.Is(out var path) && path.Split('/').Any(string.IsNullOrEmpty))
        {
            faults.Add(new Fault("path", "No leading or trailing slash, and no empty segment; expected a path such as users/staff."));
        }

        // The system alone makes such users, and keeps them so.
        if (Type.Is(out var type) && (type == UserType.InternalServiceAccount) != (user.Type == UserType.InternalServiceAccount))
        {
            faults.Add(new Fault("type", "Setting a user to internal service account, or back, is not allowed."));
        }

        user.Name = Name.Or(user.Name);
        user.IsActive = IsActive.Or(user.IsActive);
        user.Path = Path.Or(user.Path);
        user.Type = Type.Or(user.Type);
        user.AttributesJson = AttributesJson.Or(user.AttributesJson);
        user.LastLoginAt = LastLoginAt.Or(user.LastLoginAt);
        return faults;
    }
}
