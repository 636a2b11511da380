using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Where a form that was posted leads: 303, so that browsers ask for it by GET (RFC 9110 §15.4.4).</summary>
internal static class SeeOther
{
    /// <summary>Leads to <paramref name="url"/>.</summary>
    public static IResult To(HttpContext context, string url)
    {
        context.Response.Headers.Location = url;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }
}
