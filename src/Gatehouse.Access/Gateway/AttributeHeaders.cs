using System.Text;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Gateway;

/// <summary>The headers in which an origin hears what a login method by SAML said of a person.</summary>
internal static class AttributeHeaders
{
    /// <summary>Names and values for a person, as the login method they signed in by is set now.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(AccessTable table, VisitorIdentity identity)
    {
        if (table.LoginMethods.FirstOrDefault(m => m.Method.Id == identity.LoginMethodId)?.Saml is not { Headers.Count: > 0 } saml)
        {
            return [];
        }

        return [.. saml.Headers
            .Where(h => identity.Claims.ContainsKey(h.Attribute))
            .Select(h => KeyValuePair.Create(h.Name, Value(identity.Claims[h.Attribute])))];
    }

    // Several values as the Shibboleth service provider joins them. UTF-8; the connection carries each byte as one character.
    private static string Value(IReadOnlyList<string> values)
    {
        var text = string.Join(';', values.Select(v => v.Replace(";", "\\;", StringComparison.Ordinal)));
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(line));
    }
}
