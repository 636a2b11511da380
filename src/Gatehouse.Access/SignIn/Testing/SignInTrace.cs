namespace Gatehouse.Access.SignIn.Testing;

/// <summary>What each hop of a sign-in that is tried out said, in words: never a secret, a code or a token.</summary>
internal sealed class SignInTrace
{
    private readonly List<KeyValuePair<string, string>> hops = [];

    /// <summary>The hops so far.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Hops => hops;

    /// <summary>Adds one.</summary>
    public void Add(string hop, string words) => hops.Add(KeyValuePair.Create(hop, words));
}
