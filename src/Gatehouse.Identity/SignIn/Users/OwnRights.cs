using System.Text.Json;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>
/// Which of their own details people may change: <c>goauthentik.io/user/can-change-…</c> among the attributes of the user, else of the brand,
/// else the settings of the installation. By default the name only: policies let people in by their address.
/// </summary>
internal sealed class OwnRights(GatehouseDb db, ISnapshot<SystemSettings> settings)
{
    private const string Prefix = "goauthentik.io/user/can-change-";

    /// <summary>Whether <paramref name="user"/> may change their own <c>username</c>, <c>name</c> or <c>email</c>.</summary>
    public async Task<bool> MayChangeAsync(User user, string field, CancellationToken cancellationToken)
    {
        if (Read(user.AttributesJson, field) is { } own)
        {
            return own;
        }

        var brand = await db.Brands.Where(b => b.IsDefault).Select(b => b.AttributesJson).FirstOrDefaultAsync(cancellationToken);
        return (brand is null ? null : Read(brand, field)) ?? Usual(field);
    }

    private bool Usual(string field) => field switch
    {
        "name" => settings.Current.MayChangeName,
        "email" => settings.Current.MayChangeEmail,
        "username" => settings.Current.MayChangeUsername,
        _ => false,
    };

    private static bool? Read(string attributes, string field)
    {
        using var document = JsonDocument.Parse(attributes);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(Prefix + field, out var value)
            ? value.ValueKind == JsonValueKind.True
            : null;
    }
}
