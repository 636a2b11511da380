using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Identity.SignIn.Users;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Prompts;

/// <summary>A field as one person sees it.</summary>
internal sealed record AskedField(PromptField Field, string Placeholder, string Initial, IReadOnlyList<PromptChoice> Choices);

/// <summary>What came of the answers: values to keep, or faults by field key.</summary>
internal sealed class PromptJudgement
{
    /// <summary>To keep; no passwords.</summary>
    public Dictionary<string, JsonElement> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>The password that was chosen, in the clear; null when none was.</summary>
    public string? Password { get; set; }

    /// <summary>What is wrong.</summary>
    public Dictionary<string, IReadOnlyList<ErrorDetail>> Faults { get; } = new(StringComparer.Ordinal);

    /// <summary>Notes a fault.</summary>
    public void Refuse(string key, string text, string code = "invalid") => Faults.TryAdd(key, [new ErrorDetail(text, code)]);
}

/// <summary>Judges the answers to a prompt: each by its type, then all together.</summary>
internal sealed class PromptJudge(GatehouseDb db, OwnRights rights, IPasswordRules rules, IEnumerable<IPromptCheck> checks)
{
    private const string Repeated = "Passwords don't match.";

    /// <summary>Judges them. <paramref name="user"/> is whom the run is about; null means somebody new.</summary>
    public async Task<PromptJudgement> JudgeAsync(
        FlowRun run, Stage stage, IReadOnlyList<AskedField> fields, User? user, FlowAnswer answer, CancellationToken cancellationToken)
    {
        var judged = new PromptJudgement();
        foreach (var asked in fields.Where(f => !PromptTypes.IsDisplay(f.Field.Type)))
        {
            ReadOne(run, asked, answer, judged);
        }

        JudgePasswords(fields, answer, judged, user?.Username ?? TextOf(judged, "username"), user?.Email ?? TextOf(judged, "email"));
        await JudgeNameAsync(fields, user, judged, cancellationToken);
        await JudgeOwnAsync(run, user, judged, cancellationToken);
        if (judged.Faults.Count == 0)
        {
            await JudgeRulesAsync(user, judged, cancellationToken);
            await JudgePoliciesAsync(run, stage, judged, cancellationToken);
        }

        return judged;
    }

    private static void ReadOne(FlowRun run, AskedField asked, FlowAnswer answer, PromptJudgement judged)
    {
        var field = asked.Field;
        if (run.State.Fixed.TryGetValue(field.FieldKey, out var settled))
        {
            judged.Values[field.FieldKey] = settled; // an invitation has the last word
            return;
        }

        if (PromptTypes.IsReadOnly(field.Type))
        {
            judged.Values[field.FieldKey] = PromptValues.Of(asked.Initial); // whatever the browser sends
            return;
        }

        if (answer.Value(field.FieldKey) is not { } given)
        {
            if (field.IsRequired)
            {
                judged.Refuse(field.FieldKey, "This field is required.", "required");
            }

            return;
        }

        var (value, fault) = PromptValues.Read(field, asked.Choices, given);
        if (fault is not null)
        {
            judged.Refuse(field.FieldKey, fault);
        }
        else if (field.IsRequired && value.ValueKind == JsonValueKind.String && value.GetString() is "")
        {
            judged.Refuse(field.FieldKey, "This field may not be blank.", "blank");
        }
        else if (field.Type != PromptTypes.Password)
        {
            judged.Values[field.FieldKey] = value;
        }
    }

    // All of a page are one password typed more than once.
    private static void JudgePasswords(IReadOnlyList<AskedField> fields, FlowAnswer answer, PromptJudgement judged, string username, string email)
    {
        var asked = fields.Where(f => f.Field.Type == PromptTypes.Password).ToList();
        if (asked.Count == 0 || asked.Exists(f => judged.Faults.ContainsKey(f.Field.FieldKey)))
        {
            return;
        }

        var typed = asked.ConvertAll(f => answer.Text(f.Field.FieldKey) ?? "");
        if (typed.Exists(t => t != typed[0]))
        {
            judged.Refuse(asked[^1].Field.FieldKey, Repeated);
        }
        else if (asked.Exists(f => f.Field.FieldKey == "password") && typed[0].Length > 0)
        {
            if (PasswordRule.Fault(typed[0], username, email) is { } fault)
            {
                judged.Refuse("password", fault);
            }

            judged.Password = typed[0];
        }
    }

    private async Task JudgeNameAsync(IReadOnlyList<AskedField> fields, User? user, PromptJudgement judged, CancellationToken cancellationToken)
    {
        foreach (var key in fields.Where(f => f.Field.Type == PromptTypes.Username || f.Field.FieldKey == "username").Select(f => f.Field.FieldKey))
        {
            if (!judged.Values.TryGetValue(key, out var value) || value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: > 0 } name)
            {
                continue;
            }

            if (UserNames.OwnKey(name, out var fault) is not { } lookup)
            {
                judged.Refuse(key, fault);
            }
            else if (await db.Users.AnyAsync(u => u.UsernameKey == lookup && (user == null || u.Id != user.Id), cancellationToken))
            {
                judged.Refuse(key, "Username is already taken.");
            }
        }

        if (judged.Values.TryGetValue("email", out var email) && email.ValueKind == JsonValueKind.String && email.GetString() is { Length: > 0 } address && EmailAddress.Canonical(address) is null)
        {
            judged.Refuse("email", "Enter a valid email address.");
        }
    }

    // Somebody changing their own account; in other flows an administrator has put the fields there for newcomers.
    private async Task JudgeOwnAsync(FlowRun run, User? user, PromptJudgement judged, CancellationToken cancellationToken)
    {
        if (user is null || run.Flow.Designation == "enrollment")
        {
            return;
        }

        foreach (var (key, now) in new[] { ("username", user.Username), ("name", user.Name), ("email", user.Email) })
        {
            if (judged.Values.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() != now
                && !(key == "email" && EmailAddress.Canonical(value.GetString()) == now)
                && !run.State.Fixed.ContainsKey(key) && !await rights.MayChangeAsync(user, key, cancellationToken))
            {
                judged.Refuse(key, key == "email" ? "Not allowed to change email address." : $"Not allowed to change {key}.");
            }
        }
    }

    // Rules that hold wherever a password is set.
    private async Task JudgeRulesAsync(User? user, PromptJudgement judged, CancellationToken cancellationToken)
    {
        if (judged.Password is not { } password)
        {
            return;
        }

        IReadOnlyList<string> words = [
            user?.Username ?? "", user?.Name ?? "", user?.Email ?? "", TextOf(judged, "username"), TextOf(judged, "name"), TextOf(judged, "email"),
        ];
        var wanted = new NewPassword(password) { UserId = user?.Id, Words = [.. words.Where(w => w.Length > 0).Distinct(StringComparer.Ordinal)] };
        if (await rules.FaultsAsync(wanted, cancellationToken) is { Count: > 0 } broken)
        {
            judged.Refuse("password", string.Join(' ', broken));
        }
    }

    private async Task JudgePoliciesAsync(FlowRun run, Stage stage, PromptJudgement judged, CancellationToken cancellationToken)
    {
        var policies = stage.Setting(PromptSettings.Policies);
        if (policies.Count == 0)
        {
            return;
        }

        var answers = new Dictionary<string, JsonElement>(judged.Values, StringComparer.Ordinal);
        if (judged.Password is { } password)
        {
            answers["password"] = PromptValues.Of(password);
        }

        var isJudged = false;
        foreach (var check in checks)
        {
            isJudged = true;
            if (await check.FaultsAsync(run, stage, policies, answers, cancellationToken) is [_, ..] faults)
            {
                judged.Refuse("non_field_errors", string.Join(' ', faults));
            }
        }

        if (!isJudged)
        {
            judged.Refuse("non_field_errors", "The answers can't be checked. Ask your administrator.");
        }
    }

    private static string TextOf(PromptJudgement judged, string key) =>
        judged.Values.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
}
