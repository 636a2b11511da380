using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Stages;
using Gatehouse.Model.Stages;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>A stage as authentik's API shapes it, by the description of its kind.</summary>
internal static class StageBody
{
    /// <summary>What all kinds have.</summary>
    public static JsonObject Plain(StageFacts facts)
    {
        var kind = StageKinds.Of(facts.Stage.Type);
        return new JsonObject
        {
            ["pk"] = facts.Stage.Id.ToString(),
            ["name"] = facts.Stage.Name,
            ["component"] = kind.Component,
            ["verbose_name"] = kind.VerboseName,
            ["verbose_name_plural"] = kind.VerboseName + "s",
            ["meta_model_name"] = kind.Model,
            ["flow_set"] = JsonList.Of(facts.Flows, FlowBody.InSet),
        };
    }

    /// <summary>With its settings; secrets are left out.</summary>
    public static JsonObject Of(StageFacts facts)
    {
        var body = Plain(facts);
        var kind = StageKinds.Of(facts.Stage.Type);
        var kept = JsonNode.Parse(facts.Stage.SettingsJson) as JsonObject ?? [];
        foreach (var field in kind.Fields.Where(f => !f.IsSecret))
        {
            body[field.Name] = kept.TryGetPropertyValue(field.Name, out var value) ? value?.DeepClone() : field.DefaultJson;
        }

        foreach (var (name, json) in kind.Constants)
        {
            body[name] = JsonNode.Parse(json);
        }

        return body;
    }

    /// <summary>A message that e-mail stages can send.</summary>
    public static JsonObject Template((string Name, string Description) template) => new()
    {
        ["name"] = template.Name,
        ["description"] = template.Description,
        ["component"] = "",
        ["model_name"] = "",
        ["icon_url"] = null,
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    };

    /// <summary>A kind, as lists of types show it.</summary>
    public static JsonObject Kind(StageKind kind) => new()
    {
        ["name"] = kind.VerboseName,
        ["description"] = kind.Description,
        ["component"] = kind.Component,
        ["model_name"] = kind.Model.Split('.')[^1],
        ["icon_url"] = null,
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    };
}
