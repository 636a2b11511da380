using System.Globalization;
using System.Text;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;

namespace Gatehouse.Management.Flows;

/// <summary>Draws a flow in mermaid's language.</summary>
internal static class FlowDiagram
{
    /// <summary>The drawing of <paramref name="flow"/>, whose bindings are loaded with their stages.</summary>
    public static string Of(Flow flow)
    {
        var text = new StringBuilder("graph TD\n");
        text.Append(CultureInfo.InvariantCulture, $"flow_start[[\"Flow<br>{Plain(flow.Name)}\"]]\n");
        var before = "flow_start";
        foreach (var binding in flow.Bindings.OrderBy(b => b.Order).ThenBy(b => b.Id).Where(b => b.Stage is not null))
        {
            var stage = binding.Stage!; // filtered above
            var name = $"stage_{binding.Id:N}";
            text.Append(CultureInfo.InvariantCulture, $"{name}([\"{StageKinds.Of(stage.Type).VerboseName}<br>{Plain(stage.Name)}\"])\n{before} --> {name}\n");
            before = name;
        }

        return text.Append(CultureInfo.InvariantCulture, $"done[[\"End of the flow\"]]\n{before} --> done\n").ToString();
    }

    // Quotes would end the label; brackets of markup would begin one.
    private static string Plain(string label) =>
        label.Replace("\"", "'", StringComparison.Ordinal).Replace("<", "‹", StringComparison.Ordinal).Replace(">", "›", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
