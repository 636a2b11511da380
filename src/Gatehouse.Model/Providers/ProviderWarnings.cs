namespace Gatehouse.Model.Providers;

/// <summary>Something about a provider that an operator should change.</summary>
/// <param name="Code">Stable word for machines.</param>
/// <param name="Text">One sentence for people.</param>
public sealed record ProviderWarning(string Code, string Text);

/// <summary>Finds the settings of a provider that will not do what their owner wants.</summary>
public static class ProviderWarnings
{
    // Where Access, Cloudflare's or ours, takes its answers.
    private const string AccessCallback = "/cdn-cgi/access/callback";

    /// <summary>The warnings about <paramref name="provider"/>. <paramref name="isAssigned"/>: it belongs to an application.</summary>
    public static IReadOnlyList<ProviderWarning> Of(OAuth2Provider provider, bool isAssigned)
    {
        var found = new List<ProviderWarning>();
        if (!isAssigned)
        {
            found.Add(new("unassigned", "The provider is not assigned to any application, so it has no issuer and nobody can sign in through it."));
        }

        if (provider.GrantTypes.Count == 0)
        {
            found.Add(new("no_grant_types", "The provider allows no grant type, so it refuses every request."));
        }

        var servesAccess = provider.RedirectUris.Exists(IsAccessCallback);
        if (servesAccess && provider.SigningKeyId is null)
        {
            found.Add(new("access_needs_signing_key", "Access can't verify tokens without a signing key: they are signed with the client secret (HS256) and the key set is empty. Choose a signing key."));
        }

        if (servesAccess && provider.EncryptionKeyId is not null)
        {
            found.Add(new("access_refuses_encryption", "Access can't read encrypted tokens. Remove the encryption key."));
        }

        return found;
    }

    private static bool IsAccessCallback(RedirectUri registered) =>
        registered.Type == RedirectUriType.Authorization
        && (Uri.TryCreate(registered.Url, UriKind.Absolute, out var uri)
            ? uri.AbsolutePath.EndsWith(AccessCallback, StringComparison.Ordinal)
            : registered.Url.Contains(AccessCallback, StringComparison.Ordinal)); // a regex
}
