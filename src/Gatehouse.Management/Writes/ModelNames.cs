using System.Globalization;
using Gatehouse.Model.Invitations;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Gatehouse.Management.Writes;

/// <summary>What events call the rows of the database: authentik's app labels and models, and our own for what it does not have.</summary>
internal static class ModelNames
{
    private static readonly Dictionary<string, (string App, string Model)> Known = new(StringComparer.Ordinal)
    {
        ["User"] = ("authentik_core", "user"),
        ["Group"] = ("authentik_core", "group"),
        ["ApiToken"] = ("authentik_core", "token"),
        ["ProviderApplication"] = ("authentik_core", "application"),
        ["ApplicationEntitlement"] = ("authentik_core", "applicationentitlement"),
        ["AuthenticatedSession"] = ("authentik_core", "authenticatedsession"),
        ["UserConsent"] = ("authentik_core", "userconsent"),
        ["OAuth2Provider"] = ("authentik_providers_oauth2", "oauth2provider"),
        ["ScopeMapping"] = ("authentik_providers_oauth2", "scopemapping"),
        ["KeyPair"] = ("authentik_crypto", "certificatekeypair"),
        ["Brand"] = ("authentik_brands", "brand"),
        ["Flow"] = ("authentik_flows", "flow"),
        ["Stage"] = ("authentik_flows", "stage"),
        ["FlowStageBinding"] = ("authentik_flows", "flowstagebinding"),
        ["Prompt"] = ("authentik_stages_prompt", "prompt"),
        ["Invitation"] = ("authentik_stages_invitation", "invitation"),
        ["IdentityPolicy"] = ("authentik_policies", "policy"),
        ["PolicyBinding"] = ("authentik_policies", "policybinding"),
        ["NotificationRule"] = ("authentik_events", "notificationrule"),
        ["NotificationTransport"] = ("authentik_events", "notificationtransport"),
        ["WebhookMapping"] = ("authentik_events", "notificationwebhookmapping"),
        ["Notification"] = ("authentik_events", "notification"),
        ["BlueprintInstance"] = ("authentik_blueprints", "blueprintinstance"),
    };

    // Rows that are part of another object, or of the machinery.
    private static readonly HashSet<string> Silent = new(StringComparer.Ordinal)
    {
        "Event", "Setting", "SealedSecret", "Revision", "OAuthGrant", "OAuthToken", "AuthorizationCode", "NotificationDelivery",
        "FlowPlan", "SessionClient", "LogoutNotice", "BurntCode", "OneTimeLink", "DecisionRecord", "GroupMember", "GroupParent",
    };

    private static readonly string[] Titles = ["Name", "Username", "Identifier", "Domain", "Hostname", "Slug"];

    /// <summary>Whether changes of such rows are events.</summary>
    public static bool IsTold(EntityEntry entry) => !Silent.Contains(entry.Metadata.ClrType.Name);

    /// <summary>App label and model of a row.</summary>
    public static (string App, string Model) Of(EntityEntry entry) =>
        Known.TryGetValue(entry.Metadata.ClrType.Name, out var name) ? name : ("gatehouse", entry.Metadata.ClrType.Name.ToLowerInvariant());

    /// <summary>The key of a row, as events write it.</summary>
    public static string KeyOf(EntityEntry entry) => entry.Entity is Invitation invitation ? Invitation.NameInLogs(invitation.Id) : string.Join(
        '-', entry.Metadata.FindPrimaryKey()?.Properties.Select(p => Text(entry.Property(p.Name).CurrentValue)) ?? []);

    /// <summary>What people call it.</summary>
    public static string TitleOf(EntityEntry entry)
    {
        foreach (var title in Titles)
        {
            if (entry.Metadata.FindProperty(title) is not null)
            {
                return Text(entry.Property(title).CurrentValue);
            }
        }

        return "";
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        Guid id => id.ToString("N"),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
