using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Providers;

/// <summary>Who somebody is to a client: the <c>sub</c> of its tokens.</summary>
public static class Subjects
{
    // OpenID Connect Core §2.
    private const int Longest = 255;

    /// <summary>The <c>sub</c> by the provider's mode; hashed when what the mode asks for is missing or no valid subject.</summary>
    public static string Of(User user, SubMode mode, string installId) => mode switch
    {
        SubMode.UserId => user.Id.ToString(CultureInfo.InvariantCulture),
        SubMode.UserUuid => user.Uuid.ToString("D", CultureInfo.InvariantCulture),
        SubMode.UserUsername => Usable(user.Username),
        SubMode.UserEmail => Usable(user.Email),
        SubMode.UserUpn => Usable(UpnOf(user)),
        _ => null,
    } ?? UserUid.Of(user.Id, installId);

    private static string? Usable(string? text) =>
        text is { Length: > 0 and <= Longest } && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? text : null;

    private static string? UpnOf(User user)
    {
        try
        {
            return JsonNode.Parse(user.AttributesJson) is JsonObject attributes
                && attributes["upn"] is JsonValue value && value.TryGetValue<string>(out var upn) ? upn : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
