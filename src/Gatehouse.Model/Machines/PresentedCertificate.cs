using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Model.Machines;

/// <summary>A certificate that a client showed in the handshake, and so holds the key of. Whether it counts is another question.</summary>
/// <param name="Leaf">The client's own.</param>
/// <param name="Others">What the client sent beside it, to lead to an authority.</param>
public sealed record PresentedCertificate(X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others)
{
    /// <summary>Under this key the connection's items hold it.</summary>
    public static object Key { get; } = typeof(PresentedCertificate);

    /// <summary>When the first of its certificates ends that have not ended before <paramref name="now"/>, and it has to be judged again; null when they all have.</summary>
    public DateTimeOffset? EndAfter(DateTimeOffset now)
    {
        DateTimeOffset? first = null;
        foreach (var certificate in Others.Prepend(Leaf))
        {
            DateTimeOffset end = certificate.NotAfter.ToUniversalTime();
            first = end >= now && !(end >= first) ? end : first; // it counts to the end of that very second
        }

        return first;
    }
}
