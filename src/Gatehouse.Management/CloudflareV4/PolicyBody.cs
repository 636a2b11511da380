using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>A policy as Cloudflare's API shapes it (contract §3.5).</summary>
internal static class PolicyBody
{
    private static readonly FrozenDictionary<string, PolicyAction> Actions = new Dictionary<string, PolicyAction>
    {
        ["allow"] = PolicyAction.Allow,
        ["deny"] = PolicyAction.Deny,
        ["bypass"] = PolicyAction.Bypass,
        ["non_identity"] = PolicyAction.NonIdentity,
    }.ToFrozenDictionary();

    /// <summary>Reads a whole policy.</summary>
    public static PolicyDraft Read(BodyFields body)
    {
        body.Require("name", "decision", "include").NotYet(
            "purpose_justification_required", "purpose_justification_prompt", "approval_required", "approval_groups", "isolation_required", "mfa_config", "connection_rules");
        return new PolicyDraft(
            body.Text("name", 350, mayBeBlank: false).Or(""),
            body.Choice("decision", Actions).Or(PolicyAction.Deny),
            body.Rules(),
            body.Duration("session_duration").Is(out var duration) ? duration : null);
    }

    /// <summary>A reusable policy.</summary>
    public static JsonObject Of(PolicyFacts facts)
    {
        var body = Base(facts.Policy);
        body["app_count"] = facts.AppCount;
        return body;
    }

    /// <summary>A policy as an app shows it; the policy must be loaded.</summary>
    public static JsonObject OfLink(AppPolicy link)
    {
        var body = Base(link.Policy ?? throw new InvalidOperationException("the policy of a link was not loaded"));
        body["precedence"] = link.Precedence;
        return body;
    }

    private static JsonObject Base(Policy policy)
    {
        var body = new JsonObject
        {
            ["id"] = policy.Id.ToString(),
            ["uid"] = policy.Id.ToString(),
            ["name"] = policy.Name,
            ["decision"] = Actions.First(a => a.Value == policy.Action).Key,
            ["include"] = JsonList.Of(policy.Include, RuleJson.ToNode),
            ["exclude"] = JsonList.Of(policy.Exclude, RuleJson.ToNode),
            ["require"] = JsonList.Of(policy.Require, RuleJson.ToNode),
            ["reusable"] = policy.IsReusable,
            ["approval_groups"] = new JsonArray(),
            ["approval_required"] = false,
            ["isolation_required"] = false,
            ["purpose_justification_required"] = false,
            ["created_at"] = JsonList.Time(policy.CreatedAt),
            ["updated_at"] = JsonList.Time(policy.UpdatedAt),
        };
        if (policy.SessionDuration is { } duration)
        {
            body["session_duration"] = GoDuration.Format(duration);
        }

        return body;
    }
}
