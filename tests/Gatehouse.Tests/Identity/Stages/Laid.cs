using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>Flows as an administrator would lay them, for tests of stages.</summary>
internal static partial class Laid
{
    /// <summary>A password that the rules take.</summary>
    public const string NewPassword = "a whole new phrase";

    /// <summary>Settings of a prompt stage with fields as <c>key:type</c>; a question mark makes one optional.</summary>
    public static string Prompt(GatehouseDb db, params string[] fields)
    {
        var ids = new JsonArray();
        for (var i = 0; i < fields.Length; i++)
        {
            var (key, type) = (fields[i].Split(':')[0], fields[i].Split(':')[1]);
            var field = new PromptField
            {
                Id = Guid.CreateVersion7(),
                Name = $"{Guid.CreateVersion7()}",
                FieldKey = key,
                Label = key,
                Type = type.TrimEnd('?'),
                IsRequired = !type.EndsWith('?'),
                Order = i,
                Placeholder = type.StartsWith("dropdown", StringComparison.Ordinal) ? """return ["red", "blue"]""" : "",
                PlaceholderIsExpression = type.StartsWith("dropdown", StringComparison.Ordinal),
            };
            db.PromptFields.Add(field);
            ids.Add(field.Id.ToString());
        }

        return new JsonObject { ["fields"] = ids }.ToJsonString();
    }

    /// <summary>A flow in which newcomers choose a name and a password, and are signed in.</summary>
    public static void Enrolment(GatehouseDb db, string slug = "enrol", string write = """{"user_type":"internal"}""", params (StageType Type, string Settings)[] before) => SignInHost.Add(
        db, slug, "enrollment", "none", "Join",
        [.. before, (StageType.Prompt, Prompt(db, "username:username", "name:text?", "email:email?", "password:password", "password_repeat:password")), (StageType.UserWrite, write), (StageType.UserLogin, "{}")]);

    /// <summary>The shipped recovery flow.</summary>
    public static void Recovery(GatehouseDb db, string email = """{"use_global_settings":true,"subject":"Password reset"}""") => SignInHost.Add(
        db, "default-recovery-flow", "recovery", "none", "Reset your password",
        (StageType.Identification, "{}"), (StageType.Email, email), (StageType.Prompt, Prompt(db, "password:password", "password_repeat:password")),
        (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));

    /// <summary>The fields of an answer to <see cref="Enrolment"/>.</summary>
    public static (string, string)[] Newcomer(string name, string email = "") =>
        [("component", "ak-stage-prompt"), ("username", name), ("email", email), ("password", NewPassword), ("password_repeat", NewPassword)];

    /// <summary>The query of the link in a message.</summary>
    public static string QueryOf(string text) => Link().Match(text) is { Success: true } link ? link.Groups["query"].Value : throw new InvalidOperationException("no link in: " + text);

    /// <summary>A user by name; null when there is none.</summary>
    public static Task<User?> UserAsync(this SignInHost host, string name) =>
        host.ReadAsync(db => db.Users.AsNoTracking().Include(u => u.Groups).SingleOrDefaultAsync(u => u.Username == name, TestContext.Current.CancellationToken));

    /// <summary>The text of a fault.</summary>
    public static string FaultText(this Seen seen, string field) => seen.Json.GetProperty("response_errors").GetProperty(field)[0].GetProperty("string").GetString()!; // an absent one fails the test

    [GeneratedRegex(@"https://\S+/if/flow/[\w-]+/\?(?<query>flow_token=[0-9a-f]{64})\s", RegexOptions.CultureInvariant)]
    private static partial Regex Link();
}
