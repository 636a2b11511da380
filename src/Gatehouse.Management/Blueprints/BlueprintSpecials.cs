using System.Text.Json.Nodes;

namespace Gatehouse.Management.Blueprints;

/// <summary>Attributes that blueprints have and the API takes by actions of their own (contract §4.16).</summary>
internal static class BlueprintSpecials
{
    /// <summary>Takes them out of <paramref name="attributes"/>: the actions to call on the saved object, with their bodies.</summary>
    public static IReadOnlyList<(string Action, JsonObject Body)> Take(string model, JsonObject attributes)
    {
        List<(string Action, JsonObject Body)> actions = [];
        switch (model)
        {
            case "authentik_core.user":
                Move("password", "set_password/", "password");
                Move("password_hash", "set_password_hash/", "password");
                if (attributes["permissions"] is JsonArray { Count: > 0 })
                {
                    throw new BlueprintFaultException("permissions of single users are not supported; put them into a group");
                }

                attributes.Remove("permissions");
                break;
            case "authentik_core.token":
                Move("key", "set_key/", "key");
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
