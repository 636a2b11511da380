using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>For what a person is asked for a second factor.</summary>
/// <param name="Allowed">The kinds that count there.</param>
/// <param name="Way">Where they are going; null when they look after their authenticators.</param>
/// <param name="App">The app there; null when they look after their authenticators.</param>
internal sealed record MfaErrand(MfaMethods Allowed, WayState? Way, AppEntry? App)
{
    /// <summary>The kind of which they came to remove one; null when they did not.</summary>
    public MfaMethods? Removes { get; init; }

    /// <summary>The secret that an authenticator app was shown already, and goes on to be after a wrong code; null when none was.</summary>
    public byte[]? Secret { get; init; }
}

/// <summary>
/// The pages about second factors. Which one is shown follows from what the person has: they prove themselves by what counts; with something else they prove
/// themselves by that first (<see cref="MfaChanges"/>), and then enrol what counts; with nothing they enrol, after a sign-in of the last minutes.
/// </summary>
internal sealed class MfaPages(IAccessAuthenticators authenticators, MfaChanges changes, MfaProof proof, MfaStates states, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Where people look after their authenticators.</summary>
    public const string DevicesPath = "/cdn-cgi/access/mfa-devices";

    /// <summary>Where they go on to add one.</summary>
    public const string AddPath = DevicesPath + "?add=1";

    /// <summary>Where they go on to add one of that kind.</summary>
    public static string AddPathOf(MfaMethods kind) => DevicesPath + "?add=" + kind.Word();

    /// <summary>The page for an errand; <paramref name="fault"/> says what was wrong with the last answer.</summary>
    public async Task<IResult> ShowAsync(HttpContext context, AccessTable table, AccessSession session, MfaErrand errand, string? fault = null)
    {
        var own = await authenticators.ListAsync(session.UserId, context.RequestAborted);
        var fitting = errand.Way is null ? [] : own.Where(a => proof.Works(a) && errand.Allowed.HasFlag(a.Method)).ToList();
        if (fitting.Count > 0)
        {
            return Prove(table, session, errand, fitting, isToAdd: false, fault);
        }

        var wanted = errand.Removes is { } removed ? [removed] : errand.Allowed.Each().Where(m => m != MfaMethods.Totp || !own.Any(a => a is AccessTotp)).ToList();
        if (wanted.Count == 0)
        {
            return NothingToEnrol(table, errand);
        }

        var open = wanted.FindAll(m => changes.Allows(m, table, session, own));
        if (open.Count > 0 && errand.Removes is null)
        {
            return Enrol(table, session, errand, open, [.. wanted.Except(open)], own, fault);
        }

        var provers = wanted.SelectMany(m => changes.ProversOf(m, table, own)).Distinct().ToList();
        return provers.Count > 0 ? Prove(table, session, errand, provers, isToAdd: errand.Removes is null, fault)
            : own.Count > 0 ? NothingWorks(table)
            : SignInFirst(table, session, errand);
    }

    private PageResult<MfaPage> Prove(AccessTable table, AccessSession session, MfaErrand errand, IReadOnlyList<AccessAuthenticator> own, bool isToAdd, string? fault)
    {
        var methods = own.Aggregate(MfaMethods.None, (all, a) => all | a.Method);
        var (state, challenge) = Seal(session, errand, MfaStep.Prove, methods, null);
        var keys = own.OfType<AccessCredential>().ToList();
        return Page<MfaPage>(fault, new()
        {
            [nameof(MfaPage.AppName)] = errand.App?.App.Name,
            [nameof(MfaPage.Email)] = session.Email,
            [nameof(MfaPage.Brand)] = table.Organization.Name,
            [nameof(MfaPage.TakesCode)] = methods.HasFlag(MfaMethods.Totp),
            [nameof(MfaPage.Options)] = keys.Count == 0 ? null
                : WebAuthnOptions.Get(proof.Party, challenge, keys.TrueForAll(k => k.IsBiometric) ? "required" : "preferred", [], keys).ToJsonString(),
            [nameof(MfaPage.Wanted)] = isToAdd && errand.Way is not null ? errand.Allowed.Labels() : null,
            [nameof(MfaPage.Fault)] = fault,
            [nameof(MfaPage.State)] = state,
        });
    }

    private PageResult<MfaEnrolPage> Enrol(
        AccessTable table, AccessSession session, MfaErrand errand, List<MfaMethods> kinds, IReadOnlyList<MfaMethods> others, IReadOnlyList<AccessAuthenticator> own, string? fault)
    {
        var methods = kinds.Aggregate(MfaMethods.None, (all, m) => all | m);
        var secret = methods.HasFlag(MfaMethods.Totp) ? errand.Secret ?? RandomNumberGenerator.GetBytes(Totp.SecretSize) : null;
        var (state, challenge) = Seal(session, errand, MfaStep.Enrol, methods, secret);
        var url = secret is null ? null : Totp.ConfigUrl(table.Organization.Name, session.Email, secret, AccessTotp.Digits);
        return Page<MfaEnrolPage>(fault, new()
        {
            [nameof(MfaEnrolPage.AppName)] = errand.App?.App.Name,
            [nameof(MfaEnrolPage.Email)] = session.Email,
            [nameof(MfaEnrolPage.Brand)] = table.Organization.Name,
            [nameof(MfaEnrolPage.Secret)] = secret is null ? null : Base32.Write(secret),
            [nameof(MfaEnrolPage.ConfigUrl)] = url,
            [nameof(MfaEnrolPage.Picture)] = url is null ? null : QrPicture.Of(url),
            [nameof(MfaEnrolPage.Biometrics)] = Options(table, session, MfaMethods.Biometrics, methods, challenge, own),
            [nameof(MfaEnrolPage.SecurityKey)] = Options(table, session, MfaMethods.SecurityKey, methods, challenge, own),
            [nameof(MfaEnrolPage.Others)] = errand.Way is null ? others : [],
            [nameof(MfaEnrolPage.Fault)] = fault,
            [nameof(MfaEnrolPage.State)] = state,
        });
    }

    private string? Options(AccessTable table, AccessSession session, MfaMethods method, MfaMethods offered, string challenge, IReadOnlyList<AccessAuthenticator> own) => offered.HasFlag(method)
        ? WebAuthnOptions.Create(
            proof.Party, table.Organization.Name, MfaProof.HandleOf(session.UserId), session.Email, session.Name, challenge,
            method == MfaMethods.Biometrics ? new CredentialWishes("discouraged", "required", "platform", ["client-device"]) : new CredentialWishes("discouraged", "preferred", "cross-platform", ["security-key"]),
            own.OfType<AccessCredential>()).ToJsonString()
        : null;

    private (string State, string Challenge) Seal(AccessSession session, MfaErrand errand, MfaStep step, MfaMethods methods, byte[]? secret)
    {
        var challenge = MfaStates.NewChallenge();
        var state = states.Seal(new MfaState
        {
            Id = AccessCookies.NewValue(),
            SessionNonce = session.Nonce,
            Step = step,
            Methods = methods,
            Challenge = challenge,
            Secret = secret,
            Way = errand.Way,
            Allowed = errand.Allowed,
            Removes = errand.Removes,
            ExpiresAt = clock.GetUtcNow() + MfaStates.Life,
        });
        return (state, Base64Url.EncodeToString(challenge));
    }

    private static PageResult<T> Page<T>(string? fault, Dictionary<string, object?> parameters)
        where T : Microsoft.AspNetCore.Components.IComponent => new(parameters, fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest) { ScriptSource = "'self'" };

    private static IResult NothingToEnrol(AccessTable table, MfaErrand errand) => Web.Pages.Page.Message(
        StatusCodes.Status403Forbidden,
        "There is nothing to enrol",
        errand.Way is null ? "No kind of second factor that you could add is in use here." : "This application asks for a second factor and takes no kind of it. Whoever runs it can mend that.",
        action: errand.Way is null ? (DevicesPath, "Your second factors") : null, brand: table.Organization.Name);

    // Keys are tied to the host that they were made for. Whoever has the password would be the first to enrol anew, so that takes an administrator.
    private static IResult NothingWorks(AccessTable table) => Web.Pages.Page.Message(
        StatusCodes.Status403Forbidden, "Your second factors don't work here",
        "None of your second factors works at this address any more. Whoever runs this can remove them; then you can add others.", brand: table.Organization.Name);

    private IResult SignInFirst(AccessTable table, AccessSession session, MfaErrand errand) => Web.Pages.Page.Message(
        StatusCodes.Status403Forbidden,
        "Sign in once more to enrol a second factor",
        "You have none yet, and an open browser is not enough to add one. "
        + (session.AuthenticatedAt is { } at
            ? $"Your login method says that you proved who you are at {at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}. If it says so once more, sign out there first."
            : "Your login method does not say when you proved who you are, so it is asked for a new sign-in."),
        action: (errand.Way is { } way ? AppLogin.Url(urls, way.Host, way.ReturnTo, switchPerson: true) : urls.Access + LauncherEndpoint.PathTo(AddPath, switchPerson: true), "Sign in again"),
        brand: table.Organization.Name);
}
