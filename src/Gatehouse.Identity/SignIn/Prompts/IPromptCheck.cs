using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;

namespace Gatehouse.Identity.SignIn.Prompts;

/// <summary>Judges what was answered to a prompt by the stage's <c>validation_policies</c>. Without one, a stage that has such policies lets nobody through.</summary>
internal interface IPromptCheck
{
    /// <summary>What is wrong, for the person; empty when nothing is. <paramref name="answers"/> hold passwords in the clear and are kept nowhere.</summary>
    Task<IReadOnlyList<string>> FaultsAsync(FlowRun run, Stage stage, IReadOnlyList<Guid> policies, IReadOnlyDictionary<string, JsonElement> answers, CancellationToken cancellationToken);
}
