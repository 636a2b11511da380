using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Blueprints;

/// <summary>Attributes that blueprints have and the API takes by actions of their own (contract §4.16).</summary>
internal static class BlueprintSpecials
{
    private const string SetPassword = "set_password/";
    private const string SetHash = "set_password_hash/";
    private const string SetKey = "set_key/";

    /// <summary>Whether an action gives a password.</summary>
    public static bool IsPassword(string action) => action is SetPassword or SetHash;

    /// <summary>The password that an action gives as it is typed; null when it gives none, or one that is refused before it is hashed.</summary>
    public static string? PasswordOf(string action, JsonObject body) =>
        action == SetPassword && body["password"]?.ToString() is { Length: > 0 and <= Users.SetPassword.Longest } password ? password : null;

    /// <summary>The hash of a user's password; null when there is none.</summary>
    public static async Task<string?> KeptAsync(GatehouseDb db, JsonObject found, CancellationToken cancellationToken)
    {
        var id = found["pk"]?.GetValue<int>();
        return await db.Users.Where(u => u.Id == id).Select(u => u.PasswordHash).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>Whether <paramref name="found"/> has already the key or the hash that an action would give it.</summary>
    public static async Task<bool> HoldsAsync(GatehouseDb db, string action, JsonObject found, JsonObject body, CancellationToken cancellationToken)
    {
        if (action == SetKey)
        {
            var (identifier, hash) = (found["identifier"]?.ToString(), FindCaller.HashOf(body["key"]?.ToString() ?? ""));
            return await db.ApiTokens.AnyAsync(t => t.Identifier == identifier && t.KeyHash == hash, cancellationToken);
        }

        return action == SetHash && await KeptAsync(db, found, cancellationToken) is { } kept
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(body["password"]?.ToString() ?? ""), Encoding.UTF8.GetBytes(kept));
    }

    /// <summary>Takes them out of <paramref name="attributes"/>: the actions to call on the saved object, with their bodies.</summary>
    public static IReadOnlyList<(string Action, JsonObject Body)> Take(string model, JsonObject attributes)
    {
        List<(string Action, JsonObject Body)> actions = [];
        switch (model)
        {
            case "authentik_core.user":
                Move("password", SetPassword, "password");
                Move("password_hash", SetHash, "password");
                if (attributes["permissions"] is JsonArray { Count: > 0 })
                {
                    throw new BlueprintFaultException("permissions of single users are not supported; put them into a group");
                }

                attributes.Remove("permissions");
                break;
            case "authentik_core.token":
                Move("key", SetKey, "key");
                break;
            case "authentik_core.application" when attributes.Remove("icon", out var icon):
                attributes["meta_icon"] = icon;
                break;
            default:
                break;
        }

        return actions;

        void Move(string name, string action, string field)
        {
            if (attributes.Remove(name, out var value) && value is not null)
            {
                actions.Add((action, new JsonObject { [field] = value }));
            }
        }
    }
}
