using Gatehouse.Management.Tokens;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Http;

/// <summary>What authentik's and Cloudflare's APIs say differently about the same events.</summary>
internal interface IDialect
{
    /// <summary>How each path of the API ends: a slash, or nothing.</summary>
    string PathEnd { get; }

    /// <summary>Finds who calls and whether they may; <c>Refusal</c> is the answer when not.</summary>
    Task<Admission> AdmitAsync(HttpContext context, Need need, CancellationToken cancellationToken);

    /// <summary>The path is known, the method is not one of its own.</summary>
    IResult MethodNotAllowed(string method);

    /// <summary>No such path.</summary>
    IResult NoSuchRoute(HttpRequest request);

    /// <summary>The body or the query can't be read.</summary>
    IResult BadRequest(JsonBody body);

    /// <summary>Something broke here; the log says what.</summary>
    IResult Broken();

    /// <summary>Adds what every answer of the dialect carries.</summary>
    void Dress(HttpResponse response);
}

/// <summary>Whether a request may go on.</summary>
internal abstract record Admission
{
    private Admission()
    {
    }

    /// <summary>It may; <paramref name="Caller"/> is null on routes for nobody.</summary>
    public sealed record Admitted(ApiCaller? Caller) : Admission;

    /// <summary>It may not. <paramref name="Reason"/> is for the log.</summary>
    public sealed record Turned(IResult Answer, string Reason) : Admission;
}
