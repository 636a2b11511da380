namespace Gatehouse.Access.SignIn.Saml;

/// <summary>What a verified assertion says, every condition of it being met. A class, so that it is never printed.</summary>
internal sealed class SamlAssertion
{
    /// <summary>Its id: good once.</summary>
    public required string Id { get; init; }

    /// <summary>Whom it is about, in the provider's words.</summary>
    public required string NameId { get; init; }

    /// <summary>What kind of words; empty when it does not say.</summary>
    public required string NameIdFormat { get; init; }

    /// <summary>The provider's name of its own session; empty when it gave none.</summary>
    public required string SessionIndex { get; init; }

    /// <summary>When the person proved who they are.</summary>
    public required DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>How they did, as classes of authentication context.</summary>
    public required IReadOnlyList<string> Contexts { get; init; }

    /// <summary>Attributes by name, each with its values in order.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Attributes { get; init; }
}
