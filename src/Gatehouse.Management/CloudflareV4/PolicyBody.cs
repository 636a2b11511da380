using System.Collections.Frozen;
using System.Text.Json;
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
        body.Require("name", "decision", "include").NotYet("connection_rules");
        CantBeHad(body, "isolation_required", "isolation_required needs Cloudflare's remote browser, and there is none here");
        return new PolicyDraft(
            body.Text("name", 350, mayBeBlank: false).Or(""),
            body.Choice("decision", Actions).Or(PolicyAction.Deny),
            body.Rules(),
            body.Duration("session_duration").Is(out var duration) ? duration : null)
        {
            PurposeRequired = body.Flag("purpose_justification_required").Or(false),
            PurposePrompt = body.Text("purpose_justification_prompt", 1000).Or(""),
            ApprovalRequired = body.Flag("approval_required").Or(false),
            ApprovalGroups = Approvers(body),
            Mfa = MfaBody.Read(body),
        };
    }

    private static void CantBeHad(BodyFields body, string name, string why)
    {
        var asked = new BodyFields(body.Root, nullIsAbsent: true);
        asked.NotYet(name);
        if (asked.Faults.Count > 0)
        {
            body.Refuse(name, why);
        }
    }

    private static List<ApprovalGroup> Approvers(BodyFields body)
    {
        var groups = new List<ApprovalGroup>();
        foreach (var (index, element) in body.Elements("approval_groups").Or([]).Index())
        {
            var path = $"approval_groups.{index}";
            if (element.ValueKind != JsonValueKind.Object)
            {
                body.Refuse(path, "an approval group is an object {approvals_needed, email_addresses, email_list_uuid}");
                continue;
            }

            var fields = new BodyFields(element, nullIsAbsent: true, path + ".").Require("approvals_needed");
            var needed = ReadNeeded(fields);
            var emails = fields.Texts("email_addresses").Or([]).ConvertAll(e => EmailAddress.Canonical(e) ?? "");
            if (emails.Contains(""))
            {
                fields.Refuse("email_addresses", "email_addresses holds plain addresses, such as ada@example.com");
            }

            groups.Add(new ApprovalGroup(needed, emails, fields.Id("email_list_uuid").Is(out var list) ? list : null));
            body.Faults.AddRange(fields.Faults);
        }

        return groups;
    }

    // Cloudflare's SDK has it as a number; Terraform may send 1.0.
    private static int ReadNeeded(BodyFields fields)
    {
        if (fields.TryGet("approvals_needed", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number is >= 1 and <= 100 && number == Math.Floor(number))
        {
            return (int)number;
        }

        fields.Refuse("approvals_needed", "approvals_needed is a whole number from 1 to 100");
        return 1;
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
            ["approval_groups"] = JsonList.Of(policy.ApprovalGroups, Group),
            ["approval_required"] = policy.ApprovalRequired,
            ["isolation_required"] = false,
            ["purpose_justification_required"] = policy.PurposeRequired,
            ["created_at"] = JsonList.Time(policy.CreatedAt),
            ["updated_at"] = JsonList.Time(policy.UpdatedAt),
        };
        if (policy.SessionDuration is { } duration)
        {
            body["session_duration"] = GoDuration.Format(duration);
        }

        if (policy.Mfa is { } mfa)
        {
            body["mfa_config"] = MfaBody.Of(mfa);
        }

        if (policy.PurposePrompt.Length > 0)
        {
            body["purpose_justification_prompt"] = policy.PurposePrompt;
        }

        return body;
    }

    private static JsonObject Group(ApprovalGroup group)
    {
        var body = new JsonObject { ["approvals_needed"] = group.Needed, ["email_addresses"] = JsonList.Of(group.Emails) };
        if (group.EmailListId is { } list)
        {
            body["email_list_uuid"] = list.ToString();
        }

        return body;
    }
}
