using System.Buffers.Text;
using System.Security.Cryptography;
using Gatehouse.Access.Pages;
using Gatehouse.Access.Saas;
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
    /// <summary>Whether they came to remove one.</summary>
    public bool IsForRemoval { get; init; }
}

/// <summary>
/// The pages about second factors. Which one is shown follows from what the person has: they prove themselves by what counts; with something else they prove
/// themselves by that first, and then enrol what counts; with nothing they enrol, after a sign-in of the last minutes.
/// </summary>
internal sealed class MfaPages(IAccessAuthenticators authenticators, MfaMemory memory, MfaProof proof, MfaStates states, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Where people look after their authenticators.</summary>
    public const string DevicesPath = "/cdn-cgi/access/mfa-devices";

    /// <summary>Where they go on to add one.</summary>
    public const string AddPath = DevicesPath + "?add=1";

    /// <summary>The page for an errand; <paramref name="fault"/> says what was wrong with the last answer.</summary>
    public async Task<IResult> ShowAsync(HttpContext context, AccessTable table, AccessSession session, MfaErrand errand, string? fault = null)
    {
        var own = (await authenticators.ListAsync(session.UserId, context.RequestAborted)).Where(proof.Works).ToList();
        var fitting = errand.Way is null ? [] : own.Where(a => errand.Allowed.HasFlag(a.Method)).ToList();
        if (fitting.Count > 0 || (own.Count > 0 && !memory.IsRecent(session)))
        {
            return Prove(table, session, errand, fitting.Count > 0 ? fitting : own, isToAdd: fitting.Count == 0, fault);
        }

        return own.Count == 0 && !memory.IsFresh(session) ? SignInFirst(table, errand) : Enrol(table, session, errand, own, fault);
    }

    /// <summary>Asks for a proof by one of <paramref name="own"/> before something else is done.</summary>
    public IResult ProveFirst(AccessTable table, AccessSession session, IReadOnlyList<AccessAuthenticator> own) =>
        Prove(table, session, new MfaErrand(MfaMethods.All, null, null) { IsForRemoval = true }, own, isToAdd: false, fault: null);

    private PageResult<MfaPage> Prove(AccessTable table, AccessSession session, MfaErrand errand, IReadOnlyList<AccessAuthenticator> own, bool isToAdd, string? fault)
    {
        var methods = own.Aggregate(MfaMethods.None, (all, a) => all | a.Method);
        var (state, challenge) = Seal(session, errand, MfaStep.Prove, methods, null);
        var keys = own.OfType<AccessCredential>().ToList();
        return Page<MfaPage>(table, errand, fault, new()
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

    private IResult Enrol(AccessTable table, AccessSession session, MfaErrand errand, List<AccessAuthenticator> own, string? fault)
    {
        var methods = errand.Allowed & ~(own.Exists(a => a is AccessTotp) ? MfaMethods.Totp : MfaMethods.None);
        if (methods == MfaMethods.None)
        {
            return Web.Pages.Page.Message(
                StatusCodes.Status403Forbidden, "There is nothing to enrol",
                errand.Way is null ? "No kind of second factor that you could add is in use here." : "This application asks for a second factor and takes no kind of it. Whoever runs it can mend that.",
                action: errand.Way is null ? (DevicesPath, "Your second factors") : null, brand: table.Organization.Name);
        }

        var secret = methods.HasFlag(MfaMethods.Totp) ? RandomNumberGenerator.GetBytes(Totp.SecretSize) : null;
        var (state, challenge) = Seal(session, errand, MfaStep.Enrol, methods, secret);
        var url = secret is null ? null : Totp.ConfigUrl(table.Organization.Name, session.Email, secret, AccessTotp.Digits);
        return Page<MfaEnrolPage>(table, errand, fault, new()
        {
            [nameof(MfaEnrolPage.AppName)] = errand.App?.App.Name,
            [nameof(MfaEnrolPage.Email)] = session.Email,
            [nameof(MfaEnrolPage.Brand)] = table.Organization.Name,
            [nameof(MfaEnrolPage.Secret)] = secret is null ? null : Base32.Write(secret),
            [nameof(MfaEnrolPage.ConfigUrl)] = url,
            [nameof(MfaEnrolPage.Picture)] = url is null ? null : QrPicture.Of(url),
            [nameof(MfaEnrolPage.Biometrics)] = Options(table, session, MfaMethods.Biometrics, methods, challenge, own),
            [nameof(MfaEnrolPage.SecurityKey)] = Options(table, session, MfaMethods.SecurityKey, methods, challenge, own),
            [nameof(MfaEnrolPage.Fault)] = fault,
            [nameof(MfaEnrolPage.State)] = state,
        });
    }

    private string? Options(AccessTable table, AccessSession session, MfaMethods method, MfaMethods offered, string challenge, List<AccessAuthenticator> own) => offered.HasFlag(method)
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
            IsForRemoval = errand.IsForRemoval,
            ExpiresAt = clock.GetUtcNow() + MfaStates.Life,
        });
        return (state, Base64Url.EncodeToString(challenge));
    }

    private PageResult<T> Page<T>(AccessTable table, MfaErrand errand, string? fault, Dictionary<string, object?> parameters)
        where T : Microsoft.AspNetCore.Components.IComponent => new(parameters, fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest)
        {
            ScriptSource = "'self'",
            FormTargets = errand is { App: { } app, Way: { } way } ? SsoPaths.FormTargets(table, urls, app, way.Host) : null,
        };

    private IResult SignInFirst(AccessTable table, MfaErrand errand) => Web.Pages.Page.Message(
        StatusCodes.Status403Forbidden,
        "Sign in once more to enrol a second factor",
        "You have none yet, and your sign-in is some minutes old: an open browser is not enough to add one. Your login method asks you to prove who you are.",
        action: (errand.Way is { } way ? AppLogin.Url(urls, way.Host, way.ReturnTo, switchPerson: true) : $"{urls.Access}/?{LoginRedirect.SwitchParameter}=1&{LauncherEndpoint.AddFactor}", "Sign in again"),
        brand: table.Organization.Name);
}
