using Gatehouse.Identity.Pages;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Setup;

/// <summary><c>/setup</c> and <c>/setup/&lt;token&gt;</c>: how the first administrator, or somebody locked out, gets a password.</summary>
internal sealed partial class SetupEndpoints(
    GatehouseDb db, OneTimeLinks links, Passwords passwords, IPasswordRules rules, BrowserSessions sessions, SignInEvents events, CrossSite crossSite, ILogger<SetupEndpoints> logger)
{
    private const string Brand = "Gatehouse Identity";

    /// <summary>Says where the link is. For scripts: 200 when set-up is needed, 503 when it is done or can't be told.</summary>
    public async Task<IResult> ExplainAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        bool isDone;
        try
        {
            isDone = await SetupState.IsDoneAsync(db, cancellationToken);
        }
        catch (Exception fault) when (HealthEndpoints.IsDown(fault))
        {
            LogUnknown(fault);
            return Page.Message(503, "Not ready", "The database does not answer. Try again in a moment; the log of Gatehouse says more.", brand: Brand);
        }

        if (HttpMethods.IsHead(request.Method))
        {
            return Results.StatusCode(isDone ? 503 : 200);
        }

        return isDone
            ? Page.Message(
                410, "Set-up is done", "This installation has its first administrator. Locked out? Run “gatehouse recover” on the machine it runs on: it prints a link for a new password.",
                action: ("/", "Sign in"), brand: Brand)
            : Page.Message(
                200, "Set up Gatehouse", "Open the link that “gatehouse up” printed when it started: it works once, for 30 minutes. Is it gone? Restart Gatehouse, or run “gatehouse recover” on the machine it runs on: both print a new one.",
                brand: Brand);
    }

    /// <summary>The form behind a link.</summary>
    public async Task<IResult> ShowAsync(string token, CancellationToken cancellationToken) =>
        await links.FindAsync(token, cancellationToken) is { } link ? Form(200, link, link.User.Email, new Dictionary<string, string>()) : Gone();

    /// <summary>Takes the form.</summary>
    public async Task<IResult> PostAsync(HttpContext context, string token, CancellationToken cancellationToken)
    {
        if (crossSite.IsForeign(context.Request))
        {
            LogRefused("a foreign origin");
            return Page.Message(403, "Refused", "This form was sent by another site. Open your link again.", brand: Brand);
        }

        if (await ReadAsync(context.Request, cancellationToken) is not { } form)
        {
            return Page.Message(400, "This form can't be read", "Open your link again and fill in the form there.", brand: Brand);
        }

        if (await links.FindAsync(token, cancellationToken) is not { } link)
        {
            return Gone();
        }

        var isSetup = link.Link.Purpose == OneTimeLinks.Setup;
        var faults = form.Faults(link.User.Username, isSetup);
        if (faults.Count == 0 && await rules.FaultsAsync(
            new NewPassword(form.Password) { UserId = link.User.Id, Words = [form.Email] }, cancellationToken) is { Count: > 0 } broken)
        {
            faults["password"] = string.Join(" ", broken);
        }

        return faults.Count > 0
            ? Form(400, link, form.Email, faults)
            : await RedeemAsync(context, link, form, isSetup ? EmailAddress.Canonical(form.Email) : null, cancellationToken);
    }

    private async Task<IResult> RedeemAsync(HttpContext context, UsableLink link, SetupForm form, string? email, CancellationToken cancellationToken)
    {
        if (await passwords.HashAsync(form.Password, ClientAddress.Of(context), cancellationToken) is not { } hash)
        {
            context.Response.Headers.RetryAfter = "1";
            return Page.Message(503, "Busy", "Many people are signing in right now. Go back and try again in a moment.", brand: Brand);
        }

        if (await links.TryRedeemAsync(link, email, hash, user => events.PasswordSet(context, user), cancellationToken) is not { } owner)
        {
            return Gone();
        }

        LogRedeemed(link.Link.Purpose, owner.Id);
        events.Written();
        await sessions.StartAsync(context, owner, ["pwd"], null, cancellationToken); // null: changed again already, and so signed in with the new password only
        SecurityHeaders.NoStore(context.Response);
        context.Response.Headers.Location = FlowFinish.UserPage;
        return Results.StatusCode(303); // never 307: the password must not be sent on (RFC 9700 §4.12)
    }

    private IResult Gone()
    {
        LogRefused("no such link, or used, or too old");
        return Page.Message(
            410, "This link can't be used", "It was used already, is older than 30 minutes, or was not copied whole. “gatehouse recover” on the machine Gatehouse runs on prints a new one.",
            action: ("/", "Sign in"), brand: Brand);
    }

    private static PageResult<SetupPage> Form(int status, UsableLink link, string email, IReadOnlyDictionary<string, string> faults) => new(
        new Dictionary<string, object?>
        {
            [nameof(SetupPage.Username)] = link.User.Username,
            [nameof(SetupPage.AsksEmail)] = link.Link.Purpose == OneTimeLinks.Setup,
            [nameof(SetupPage.Email)] = email,
            [nameof(SetupPage.Faults)] = faults,
        },
        status);

    private static async Task<SetupForm?> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        await PostedForm.ReadAsync(request, cancellationToken) is { } form
            ? new SetupForm(form["email"].ToString().Trim(), form["password"].ToString(), form["password_repeat"].ToString())
            : null;

    [LoggerMessage(EventId = 2210, Level = LogLevel.Warning, Message = "Whether set-up is done can't be told: the database does not answer")]
    private partial void LogUnknown(Exception fault);

    [LoggerMessage(EventId = 2208, Level = LogLevel.Warning, Message = "A one-time link was refused: {Reason}")]
    private partial void LogRefused(string reason);

    [LoggerMessage(EventId = 2209, Level = LogLevel.Warning, Message = "A one-time link for {Purpose} was used: user {UserId} has a new password")]
    private partial void LogRedeemed(string purpose, int userId);
}

/// <summary>What the form holds. A class: records print their members.</summary>
internal sealed class SetupForm(string email, string password, string repeated)
{
    /// <summary>As typed.</summary>
    public string Email { get; } = email;

    /// <summary>As typed.</summary>
    public string Password { get; } = password;

    /// <summary>What is wrong, by field.</summary>
    public Dictionary<string, string> Faults(string username, bool asksEmail)
    {
        var faults = new Dictionary<string, string>();
        if (asksEmail && EmailAddress.Canonical(Email) is null)
        {
            faults["email"] = "Write an address such as ada@example.com, in plain letters.";
        }

        if (PasswordRule.Fault(Password, username, Email) is { } fault)
        {
            faults["password"] = fault;
        }
        else if (Password != repeated)
        {
            faults["password_repeat"] = "The two passwords differ.";
        }

        return faults;
    }
}
