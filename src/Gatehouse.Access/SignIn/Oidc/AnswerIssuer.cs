using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>
/// Whether an authorization answer is from the login method that was asked (RFC 9207). All of them answer at one address, so one that is
/// hostile could have another's code sent here as if it were its own.
/// </summary>
internal sealed class AnswerIssuer(PublicUrls urls)
{
    /// <summary>What is wrong with the answer's <c>iss</c>; null when nothing is.</summary>
    public string? Fault(IQueryCollection query, AccessTable table, LoginMethodEntry method) => query["iss"] switch
    {
        [] => Announces(method) ? "no iss, though its provider says that it sends one" : null,
        [{ } issuer] when method.Method.Issuer.Length > 0 => issuer == method.Method.Issuer ? null : "iss is not the login method's",
        [{ } issuer] => table.LoginMethods.Any(m => m.Method.Issuer == issuer) ? "iss is another login method's" : null,
        _ => "more than one iss",
    };

    // Login methods hold no metadata of their providers. Of one we know it: our own Identity sends iss always.
    private bool Announces(LoginMethodEntry method) => method.Method.Issuer.StartsWith(urls.Identity + "/", StringComparison.Ordinal);
}
