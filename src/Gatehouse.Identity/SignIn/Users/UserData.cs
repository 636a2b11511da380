using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>What flows may write about a user, by the keys of prompts and invitations. Everything else (rights, groups, type) is not theirs.</summary>
internal static class UserData
{
    /// <summary>Prefix of keys that are attributes: <c>attributes.settings.locale</c>.</summary>
    public const string AttributePrefix = "attributes.";

    /// <summary>The key of the address.</summary>
    public const string Email = "email";

    /// <summary>The keys that will be written.</summary>
    public static IEnumerable<string> NamesOf(FlowState state) =>
        state.Data.Keys.Union(state.Fixed.Keys, StringComparer.Ordinal).Where(k => k is "username" or "name" or "email" || k.StartsWith(AttributePrefix, StringComparison.Ordinal));

    /// <summary>Puts the answers, and over them what is fixed, into <paramref name="user"/>; says what can't be.</summary>
    public static string? Apply(FlowState state, User user, DateTimeOffset now)
    {
        foreach (var (key, value) in state.Data.Where(d => !state.Fixed.ContainsKey(d.Key)).Concat(state.Fixed))
        {
            if (Put(key, value, user) is { } fault)
            {
                return fault;
            }
        }

        if (user.UsernameKey.Length == 0)
        {
            return "A username is missing.";
        }

        if (state.NewPasswordHash is { } hash)
        {
            user.PasswordHash = hash;
            user.PasswordChangedAt = now;
        }

        user.UpdatedAt = now;
        return null;
    }

    private static string? Put(string key, JsonElement value, User user)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
        switch (key)
        {
            case "username":
                if (UserNames.OwnKey(text, out var fault) is not { } lookup)
                {
                    return fault;
                }

                (user.Username, user.UsernameKey) = (text, lookup);
                return null;
            case "email":
                if (text.Length > 0 && EmailAddress.Canonical(text) is null)
                {
                    return "The e-mail address can't be used.";
                }

                user.Email = EmailAddress.Canonical(text) ?? "";
                return null;
            case "name":
                user.Name = text;
                return null;
            default:
                if (key.StartsWith(AttributePrefix, StringComparison.Ordinal))
                {
                    user.AttributesJson = With(user.AttributesJson, key[AttributePrefix.Length..].Split('.'), value);
                }

                return null;
        }
    }

    private static string With(string attributes, string[] path, JsonElement value)
    {
        var root = JsonNode.Parse(attributes) as JsonObject ?? [];
        var at = root;
        foreach (var part in path[..^1])
        {
            if (at[part] is not JsonObject inner)
            {
                at[part] = inner = [];
            }

            at = inner;
        }

        at[path[^1]] = JsonNode.Parse(value.GetRawText());
        return root.ToJsonString();
    }
}
