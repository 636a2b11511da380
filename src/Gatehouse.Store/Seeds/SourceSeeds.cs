using System.Text.Json.Nodes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;

namespace Gatehouse.Store.Seeds;

/// <summary>The flows that sources lead into. Clients look for their slugs; from a browser directly nobody gets anywhere in them.</summary>
internal static class SourceSeeds
{
    /// <summary>Adds them.</summary>
    public static void Add(GatehouseDb db, DateTimeOffset now)
    {
        FlowSeeds.Lay(db, now, "default-source-authentication", "Welcome!", "Welcome!", "authentication", "require_unauthenticated",
            new StageSeed(0, "default-source-authentication-login", StageType.UserLogin, []));

        // Not open to everybody, as it would be with 'none': who comes from a source is redirected into it.
        var username = SelfServiceSeeds.Field(db, now, "default-source-enrollment-field-username", "username", "Username", PromptTypes.Username, 100, placeholder: "Username");
        FlowSeeds.Lay(db, now, "default-source-enrollment", "Welcome! Please select a username.", "Welcome! Please select a username.", "enrollment", "require_redirect",
            new StageSeed(0, "default-source-enrollment-prompt", StageType.Prompt, new JsonObject { ["fields"] = new JsonArray(username) }),
            new StageSeed(1, "default-source-enrollment-write", StageType.UserWrite, new JsonObject { ["user_creation_mode"] = "always_create" }),
            new StageSeed(2, "default-source-enrollment-login", StageType.UserLogin, []));
        FlowSeeds.Lay(db, now, "default-source-pre-authentication", "Pre-Authentication", "Pre-authentication", "stage_configuration", "none");
    }
}
