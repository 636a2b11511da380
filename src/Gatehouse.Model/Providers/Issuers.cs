using Gatehouse.Model.Hosts;

namespace Gatehouse.Model.Providers;

/// <summary>The issuer of a provider's tokens: one text everywhere, byte for byte.</summary>
public static class Issuers
{
    /// <summary>The issuer of the application with this slug.</summary>
    public static string Of(PublicUrls urls, IssuerMode mode, string slug) =>
        mode == IssuerMode.Global ? urls.Identity + "/" : $"{urls.Identity}/application/o/{slug}/";
}
