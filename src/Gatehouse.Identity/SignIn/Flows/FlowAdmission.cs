using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Whether somebody may run a flow.</summary>
internal abstract record Admission
{
    private Admission()
    {
    }

    /// <summary>They may.</summary>
    public sealed record Admitted(PendingAuthorization? Authorization) : Admission;

    /// <summary>There is nothing to do: on to where they wanted to go.</summary>
    public sealed record Skipped : Admission;

    /// <summary>They may not.</summary>
    public sealed record Refused(string Message, string Reason) : Admission
    {
        /// <summary>Where the flow sends those who may not run it; null means they get the message.</summary>
        public string? Goes { get; init; }
    }
}

/// <summary>Decides it.</summary>
internal sealed class FlowAdmission(AuthorizationBorder authorization, FlowPolicies policies, Superusers superusers, SignInEvents events, TimeProvider clock)
{
    private const string NotForYou = "This step is not for you as things are. Start again from the application you wanted to open.";

    /// <summary>Judges the flow, its query and who is signed in.</summary>
    public async Task<Admission> JudgeAsync(HttpContext http, Flow flow, FlowQuery query, SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        if (query.HasUnsafeNext)
        {
            return new Admission.Refused("Invalid next URL: it has to be a path on this host.", "next is not a path on this host");
        }

        if (flow.Designation == "authentication" && browser is not null && !query.AsksToSignInAgain)
        {
            return new Admission.Skipped();
        }

        if (browser is { IsImpersonating: true } && flow.Designation is not ("authentication" or "authorization" or "invalidation"))
        {
            return new Admission.Refused(
                "You are acting as somebody else. Their account can't be changed like this; end the impersonation first.",
                $"user {browser.Session.UserId} impersonates user {browser.User.Id}");
        }

        var isMet = flow.Authentication switch
        {
            "none" => true,
            "require_authenticated" => browser is not null,
            "require_unauthenticated" => browser is null || flow.Designation == "authentication", // asked for again, or it was skipped above
            "require_superuser" => browser is not null && await superusers.HoldAsync(browser.User.Id, cancellationToken),
            _ => false, // redirect, outpost, token: nothing here can tell, so nobody may
        };
        if (!isMet)
        {
            return new Admission.Refused(NotForYou, $"the flow asks for '{flow.Authentication}'") { Goes = AwayFrom(flow, query) };
        }

        if (await policies.FlowVerdictAsync(flow, browser, cancellationToken) is { IsPassing: false } verdict)
        {
            events.FlowDenied(http, browser?.User, flow, verdict);
            return Denied(flow, query, verdict);
        }

        // Asked before anything was typed; the write stage looks again.
        if (WritesByBrowserAlone(flow, query) && browser is not null && !RecentSignIn.Has(browser, clock))
        {
            return new Admission.Refused(NotForYou, "the flow changes the account, and the sign-in is not recent") { Goes = RecentSignIn.Link($"/if/flow/{flow.Slug}/?{query.Raw}") };
        }

        return flow.Designation == "authorization" ? await AuthorizeAsync(http, flow, query, browser, cancellationToken) : new Admission.Admitted(null);
    }

    private static bool WritesByBrowserAlone(Flow flow, FlowQuery query) =>
        flow.Designation == "stage_configuration" && query.FlowToken is null
        && flow.Bindings.Exists(b => b.Stage is { Type: StageType.UserWrite }) && !flow.Bindings.Exists(b => b.Stage is { Type: StageType.Identification });

    private static Admission.Refused Denied(Flow flow, FlowQuery query, PolicyVerdict verdict) =>
        new(verdict.Messages is [var first, ..] ? first : NotForYou, "the flow's policies: " + string.Join("; ", verdict.Log)) { Goes = AwayFrom(flow, query) };

    // denied_action: go on to where the query leads, if it may and there is such a place; else say why.
    private static string? AwayFrom(Flow flow, FlowQuery query) => flow.DeniedAction switch
    {
        "continue" => query.Next ?? "/",
        "message_continue" when flow.Designation != "authorization" => query.Next,
        _ => null,
    };

    private async Task<Admission> AuthorizeAsync(HttpContext http, Flow flow, FlowQuery query, SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        if (browser is null || await authorization.ReadAsync(http, query.Raw, browser, cancellationToken) is not { } pending)
        {
            return new Admission.Refused("This request is no longer valid. Start again from the application.", "no authorization request stands behind the query");
        }

        // The provider picks the flow: whoever edits the URL must not trade explicit consent for implicit.
        return pending.FlowSlug == flow.Slug
            ? new Admission.Admitted(pending)
            : new Admission.Refused(NotForYou, $"the provider's flow is '{pending.FlowSlug}'");
    }
}
