using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>The pages of a sign-in that can't go on.</summary>
internal static class SignInPages
{
    /// <summary>No app has this AUD tag and covers this host.</summary>
    public static IResult NoApp(AccessTable table) => Page.Message(
        StatusCodes.Status404NotFound,
        "Unable to find your Access application",
        "This address is not one of an application here. Open the application again; if this page comes back, the application was removed or its address was changed.",
        brand: table.Organization.Name);

    /// <summary>Something in the link was changed.</summary>
    public static IResult BadLink(AccessTable table) => Page.Message(
        StatusCodes.Status400BadRequest,
        "This sign-in link is not valid",
        "A part of it was changed or left out on its way here. Open the application again to get a fresh one.",
        brand: table.Organization.Name);

    /// <summary>The app has no way to sign in.</summary>
    public static IResult NoMethod(AccessTable table, AppEntry app) => Page.Message(
        StatusCodes.Status403Forbidden,
        "No login method",
        $"{app.App.Name} allows no login method that is set up here. Whoever runs it can add one, or allow one that exists.",
        brand: table.Organization.Name);

    /// <summary>A path that nothing answers.</summary>
    public static IResult NotFound(AccessTable table) => Page.Message(
        StatusCodes.Status404NotFound, "Not found", "There is nothing at this address.", brand: table.Organization.Name);

    /// <summary>A result that came to the wrong browser, too late, or twice.</summary>
    public static IResult Invalid(AccessTable table, string what, string why, (string Href, string Text)? action) => Page.Message(
        StatusCodes.Status400BadRequest, $"Invalid {what}. Please try logging in again", why, action: action, brand: table.Organization.Name);

    /// <summary>A step of the round trip to the login method failed: which one, and why probably.</summary>
    public static IResult Failed(AccessTable table, SignInFailure failure, string rayId, string restart) => Page.Message(
        failure.Status,
        failure.Title,
        failure.Text,
        [new("Step that failed", failure.Step), new("Error", failure.Code), new("Id in the log", rayId)],
        (restart, "Try again"),
        table.Organization.Name);
}
