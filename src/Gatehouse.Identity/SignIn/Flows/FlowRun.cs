using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Flows;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>One call of the executor: who asks, in which flow, how far they are.</summary>
internal sealed class FlowRun
{
    /// <summary>The call.</summary>
    public required HttpContext Http { get; init; }

    /// <summary>The flow, its bindings in order and with their stages.</summary>
    public required Flow Flow { get; init; }

    /// <summary>What it was opened with.</summary>
    public required FlowQuery Query { get; init; }

    /// <summary>The browser's key; another after sign-in.</summary>
    public required string SessionKey { get; set; }

    /// <summary>Who is signed in; null means nobody.</summary>
    public SignedInBrowser? Browser { get; set; }

    /// <summary>The request that an authorization flow answers.</summary>
    public PendingAuthorization? Authorization { get; init; }

    /// <summary>How far it is.</summary>
    public required FlowState State { get; init; }

    /// <summary>The version of its row; null means it has none.</summary>
    public int? Version { get; set; }

    /// <summary>Whether a stage has changed the state without passing: the executor saves it before it shows anything.</summary>
    public bool MustSave { get; set; }

    /// <summary>Whether it was opened with a link that can't be used.</summary>
    public bool IsBroken { get; init; }

    /// <summary>Whom the flow is about: whoever was identified in it, else whoever is signed in. A flow for newcomers is about nobody until it made them.</summary>
    public int? PendingUserId => State.UserId ?? (State.Identifier is null && Flow.Designation != "enrollment" ? Browser?.User.Id : null);

    /// <summary>Whether that person has shown in this run, or by being signed in, that they are it. Whoever impersonates them has not.</summary>
    public bool IsProven => PendingUserId is { } id && ((Browser is { IsImpersonating: false } browser && browser.User.Id == id) || (State.UserId == id && State.IsProved));

    /// <summary>Whether the session of the browser is all that shows it.</summary>
    public bool IsProvenByBrowserAlone => IsProven && !(State.UserId == PendingUserId && State.IsProved);

    /// <summary>Name of the run.</summary>
    public string PlanId => FlowPlans.IdOf(SessionKey, Flow.Slug, Query.Raw);

    /// <summary>What the page calls the person: what they typed, since anything else would tell who exists.</summary>
    public string PendingUser => State.Identifier ?? Browser?.User.Username ?? "";
}

/// <summary>What came of entering a stage, or of an answer to it.</summary>
internal abstract record StageStep
{
    private StageStep()
    {
    }

    /// <summary>The person is asked, or asked again.</summary>
    public sealed record Ask(Challenge Challenge) : StageStep;

    /// <summary>Done; the next stage's turn.</summary>
    public sealed record Pass : StageStep;

    /// <summary>The answer was taken; the same stage is entered again, and may act now.</summary>
    public sealed record Stay : StageStep;

    /// <summary>The flow ends here: the browser goes elsewhere.</summary>
    public sealed record Leave(string To) : StageStep;

    /// <summary>The flow ends here.</summary>
    /// <param name="Message">For the person.</param>
    /// <param name="Reason">For the log.</param>
    public sealed record Deny(string Message, string Reason) : StageStep;

    /// <summary>Too much to do; the same call may work soon.</summary>
    public sealed record Busy : StageStep;
}
