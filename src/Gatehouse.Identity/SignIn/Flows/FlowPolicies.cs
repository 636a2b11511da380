using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Asks the policies that are bound to flows and to the stages in them.</summary>
internal sealed class FlowPolicies(IPolicyEngine engine, IHttpContextAccessor requests)
{
    /// <summary>Whether whoever is signed in, or a visitor, may run the flow.</summary>
    public Task<PolicyVerdict> FlowVerdictAsync(Flow flow, SignedInBrowser? browser, CancellationToken cancellationToken) =>
        engine.JudgeAsync(flow.Id, Subject(browser?.User.Id ?? 0, []), cancellationToken);

    /// <summary>The bindings that a flow begins with: those whose policies are asked now and fail are left out, those whose policies can't say are not.</summary>
    public async Task<List<FlowStageBinding>> PlanAsync(Flow flow, SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        List<FlowStageBinding> planned = [];
        foreach (var binding in flow.Bindings.OrderBy(b => b.Order).ThenBy(b => b.Id))
        {
            var verdict = binding.EvaluateOnPlan
                ? await engine.JudgeAsync(binding.Id, Subject(browser?.User.Id ?? 0, []), cancellationToken)
                : null;
            if (verdict is null or { IsPassing: true } or { HasFault: true })
            {
                planned.Add(binding);
            }
        }

        return planned;
    }

    /// <summary>Whether the run's next stage applies, asked right before it; of the person who is signing in, when there is one.</summary>
    public async Task<PolicyVerdict?> StageVerdictAsync(FlowRun run, FlowStageBinding binding, CancellationToken cancellationToken)
    {
        if (!binding.ReEvaluatePolicies)
        {
            return null;
        }

        var context = new Dictionary<string, object> { ["auth_method"] = MethodOf(run.State) };
        if (run.State.Identifier is { } identifier)
        {
            context["pending_user_identifier"] = identifier;
        }

        return await engine.JudgeAsync(binding.Id, Subject(run.State.UserId ?? run.Browser?.User.Id ?? 0, context) with { IsProven = run.IsProven }, cancellationToken);
    }

    // authentik's word lets policies leave out all other proofs, so a passkey that was only touched must not have it.
    private static string MethodOf(FlowState state) => state.Amr.Contains("pwd") ? "password"
        : !state.Amr.Contains("user") ? ""
        : state.Mfa.IsPasskeyVerified ? "auth_webauthn_pwl"
        : "auth_webauthn_touch";

    private PolicySubject Subject(int userId, Dictionary<string, object> plan)
    {
        var context = new Dictionary<string, object>(plan) { ["flow_plan"] = new Dictionary<string, object> { ["context"] = plan } };
        if (requests.HttpContext is { } http)
        {
            context["http_request"] = HttpFacts.Of(http);
            return new PolicySubject(userId, ClientAddress.Of(http).ToString(), context);
        }

        return new PolicySubject(userId, null, context);
    }
}
