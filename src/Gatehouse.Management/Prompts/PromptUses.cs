using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Prompts;

/// <summary>Which stages ask a field. It stands in the settings of the stage.</summary>
internal static class PromptUses
{
    /// <summary>Puts the field into <paramref name="wanted"/> and takes it out of all others.</summary>
    public static async Task<IEnumerable<Fault>> MoveAsync(GatehouseDb db, Guid field, List<Guid> wanted, CancellationToken cancellationToken)
    {
        var stages = await db.Stages.Where(s => s.Type == StageType.Prompt).ToListAsync(cancellationToken);
        foreach (var stage in stages)
        {
            var fields = stage.Setting(PromptSettings.Fields);
            if (fields.Contains(field) != wanted.Contains(stage.Id))
            {
                var settings = JsonNode.Parse(stage.SettingsJson) as JsonObject ?? [];
                IEnumerable<Guid> now = wanted.Contains(stage.Id) ? [.. fields, field] : fields.Where(f => f != field);
                settings[PromptSettings.Fields.Name] = new JsonArray([.. now.Select(f => (JsonNode)f.ToString())]);
                stage.SettingsJson = settings.ToJsonString();
            }
        }

        return wanted.Except(stages.Select(s => s.Id)).Select(id => new Fault("promptstage_set", $"Invalid pk \"{id}\" - object does not exist."));
    }
}
