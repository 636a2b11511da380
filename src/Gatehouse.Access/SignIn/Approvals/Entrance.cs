using Gatehouse.Access.Gateway;
using Gatehouse.Access.Pages;
using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Mfa;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Approvals;

/// <summary>Where somebody wants to go, and under which policy they may.</summary>
internal sealed record Way(AppEntry App, CompiledPolicy By, string Host, string ReturnTo, string AppSessionHash)
{
    /// <summary>Common name of the client certificate on the app host; null when there was none.</summary>
    public string? CommonName { get; init; }

    /// <summary>When they came to the team domain: what each entry asks for must be newer.</summary>
    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>Whether each visit asks for a sign-in of its own.</summary>
    public bool IsForThisVisit => SessionDuration.Of(App, By) == TimeSpan.Zero;

    /// <summary>Whether to come again is to be asked again.</summary>
    public bool AsksEachTime => IsForThisVisit || By.Mfa is { Duration.Ticks: 0 };

    /// <summary>How they got here.</summary>
    public SignInProof Proof { get; init; }

    /// <summary>The round through the app's hosts that this is a stop of, sealed; null when it is none.</summary>
    public string? Round { get; init; }

    /// <summary>The same for a question that waits for its answer until <paramref name="end"/>.</summary>
    public WayState StateFor(AccessSession session, DateTimeOffset end) => new()
    {
        SessionNonce = session.Nonce,
        PolicyId = By.Id,
        Id = AccessCookies.NewValue(),
        Aud = App.App.Aud,
        AppSessionHash = AppSessionHash,
        CommonName = CommonName,
        Host = Host,
        ReturnTo = ReturnTo,
        BegunAt = BegunAt,
        Proof = Proof,
        ExpiresAt = end,
    };
}

/// <summary>The last steps on the team domain for a person whom a policy admits: say why, prove themselves by a second factor, be approved, then on to the app.</summary>
internal sealed class Entrance(ApprovalDesk desk, MfaGate mfa, SealedStates states, IAccessSessions sessions, SignInDecision admission, HandOff handOff, Places places, PublicUrls urls, TimeProvider clock)
{
    private const int LongestPurpose = 1000;
    private static readonly TimeSpan FormLife = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(15);

    /// <summary>Whether the policy asks for anything besides its rules.</summary>
    public static bool AsksMore(CompiledPolicy by) => by.PurposeRequired || !by.ApprovalGroups.IsEmpty || by.Mfa is not null;

    /// <summary>The page of the next step, or the way to the app. The decision is kept when the person is let on.</summary>
    public async Task<IResult> EnterAsync(HttpContext context, AccessTable table, Way way, AccessSession session)
    {
        var purpose = Passed.PurposeOf(session.Passed, way.By.Id);
        if (way.By.PurposeRequired && purpose is null)
        {
            return AskPurpose(table, way, session);
        }

        // Before others are troubled with a request for approval.
        if (await mfa.AskAsync(context, table, way, session) is { } asked)
        {
            return asked;
        }

        string? approvers = null;
        if (!way.By.ApprovalGroups.IsEmpty)
        {
            var request = await desk.FindOrAskAsync(table, way, session.Email, purpose ?? "", context.RequestAborted);
            if (request.ApprovedUntil is not { } until)
            {
                return Wait(context, table, way, request);
            }

            await PassAsync(session, way, until, context.RequestAborted);
            approvers = string.Join(", ", request.Approvals.Select(a => a.Email));
        }

        var visitor = places.Visitor(way.App, ClientAddress.Of(context), SessionIdentity.Of(session)) with { CommonName = way.CommonName };
        await admission.RecordLoginAsync(context, way.App, visitor, way.Host, way.ReturnTo, new DecisionExtras(purpose, approvers));
        return handOff.Send(context, way.App, session, way.Host, way.ReturnTo, way.AppSessionHash, way.Round, way.Proof);
    }

    /// <summary>POST <c>/cdn-cgi/access/purpose</c>: the answer, in the browser that was asked; then the sign-in goes on by itself.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context, AccessTable table, OrgSessions orgSessions)
    {
        SecurityHeaders.NoStore(context.Response);
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || form["state"] is not [{ } text] || states.OpenPurpose(text) is not { } state
            || await orgSessions.FindAsync(context, table) is not { } session || session.Nonce != state.SessionNonce)
        {
            return SignInPages.Invalid(table, "session", "This form is older than half an hour, or your session has ended.", null);
        }

        var purpose = form["purpose"] is [{ } given] ? Clean(given) : "";
        if (purpose.Length == 0)
        {
            return SignInPages.Invalid(table, "answer", "The question for the purpose was left empty.", (AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson: false), "Back to the question"));
        }

        var begin = Passed.OfPurpose(state.PolicyId);
        await sessions.PassAsync(session.Nonce, begin, [begin + purpose], context.RequestAborted);
        session.Pass(begin, begin + purpose);
        return await GoOnAsync(context, table, state, session) ?? SeeOther.To(context, AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson: false));
    }

    // Where each visit asks for a sign-in, or a SaaS application asked for one, this was it: the login page would ask for another, and so for ever. Once
    // for each form. Null means that the sign-in goes on as usual.
    private async Task<IResult?> GoOnAsync(HttpContext context, AccessTable table, WayState state, AccessSession session) =>
        WayOf(context, table, state, session) is { } way
        && (way.IsForThisVisit || (way.App.App.Saas is not null && state.Proof != SignInProof.Known))
        && await sessions.TryBurnAsync(state.Id, state.ExpiresAt, context.RequestAborted)
            ? await EnterAsync(context, table, way, session)
            : null;

    /// <summary>Goes on from a question for a second factor whose one answer was taken just now. Null when its policy lets the person go there no more.</summary>
    public async Task<IResult?> ResumeAsync(HttpContext context, AccessTable table, WayState state, AccessSession session) =>
        WayOf(context, table, state, session) is { } way ? await EnterAsync(context, table, way with { BegunAt = DateTimeOffset.MinValue }, session) : null;

    private Way? WayOf(HttpContext context, AccessTable table, WayState state, AccessSession session)
    {
        if (!table.AppsByAud.TryGetValue(state.Aud, out var app) || !SsoPaths.IsEntrance(table, urls, app, state.Host, state.ReturnTo))
        {
            return null;
        }

        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session)) with { CommonName = state.CommonName };
        return SignInDecision.Judge(app, visitor) is Ruling.Admitted admitted && admitted.By.Id == state.PolicyId
            ? new Way(app, admitted.By, state.Host, state.ReturnTo, state.AppSessionHash) { BegunAt = state.BegunAt, CommonName = state.CommonName, Proof = state.Proof }
            : null;
    }

    private PageResult<PurposePage> AskPurpose(AccessTable table, Way way, AccessSession session) => new(
        new Dictionary<string, object?>
        {
            [nameof(PurposePage.AppName)] = way.App.App.Name,
            [nameof(PurposePage.Prompt)] = way.By.PurposePrompt,
            [nameof(PurposePage.Brand)] = table.Organization.Name,
            [nameof(PurposePage.Longest)] = LongestPurpose,
            [nameof(PurposePage.State)] = states.Seal(way.StateFor(session, clock.GetUtcNow() + FormLife)),
        },
        StatusCodes.Status200OK)
    {
        // The answer leads on through the app's hosts, and browsers hold redirects of a form to this list.
        FormTargets = SsoPaths.FormTargets(table, urls, way.App, way.Host),
    };

    private IResult Wait(HttpContext context, AccessTable table, Way way, ApprovalRequest request)
    {
        if (request.RefusedBy is not null)
        {
            return Page.Message(
                StatusCodes.Status403Forbidden, "Your request was refused", $"Somebody who may approve access to {way.App.App.Name} has refused it. You can ask again when this request is over.",
                [new("Request", request.Id.ToString()), new("Over at", Time(request.ExpiresAt))], brand: table.Organization.Name);
        }

        // Never the provider's answer again; and where each visit asks for something, looking again would ask for it, every time.
        if (!way.AsksEachTime)
        {
            context.Response.Headers["Refresh"] = string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{(int)AskAgainAfter.TotalSeconds}; url={AppLogin.Url(urls, way.Host, way.ReturnTo, switchPerson: false)}");
        }

        return Page.Message(
            StatusCodes.Status200OK,
            "Waiting for approval",
            desk.CanAsk
                ? $"Whoever may approve access to {way.App.App.Name} has been sent a mail. {(way.AsksEachTime ? "Open" : "This page looks again by itself; you can also close it and open")} the application later."
                : "Nobody could be told of your request: this installation sends no mail. Tell whoever runs it.",
            [new("Request", request.Id.ToString()), new("Approved so far by", request.Approvals.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)), new("Over at", Time(request.ExpiresAt))],
            brand: table.Organization.Name);
    }

    private async Task PassAsync(AccessSession session, Way way, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var begin = Passed.OfApproval(way.App.App.Id, way.By.Id);
        var passed = Passed.OfApproval(way.App.App.Id, way.By.Id, until);
        await sessions.PassAsync(session.Nonce, begin, [passed], cancellationToken);
        session.Pass(begin, passed);
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    // It is shown to approvers and in logs: one line of plain text.
    private static string Clean(string text)
    {
        var plain = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c).Where(c => !char.IsSurrogate(c))]).Trim();
        return plain.Length > LongestPurpose ? plain[..LongestPurpose] : plain;
    }
}
