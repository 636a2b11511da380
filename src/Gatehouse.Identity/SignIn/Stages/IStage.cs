using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>One kind of stage. Entering may happen any number of times; only a stage that never asks may change anything then.</summary>
internal interface IStage
{
    /// <summary>The kind.</summary>
    StageType Type { get; }

    /// <summary>Whether entering changes something: the run's row is used up first, so it happens once.</summary>
    bool ActsOnEntry { get; }

    /// <summary>The same for one run, for kinds that act only sometimes.</summary>
    bool ActsOn(FlowRun run, Stage stage) => ActsOnEntry;

    /// <summary>Says what to ask, or passes when there is nothing to.</summary>
    Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken);

    /// <summary>Judges an answer to <paramref name="asked"/>.</summary>
    Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken);
}

/// <summary>Words and faults that stages share.</summary>
internal static class StageAnswers
{
    /// <summary>Picture of everybody: one of each person's own would tell who exists.</summary>
    public const string Avatar = "/static/gatehouse/person.svg";

    /// <summary>The next stage's turn.</summary>
    public static readonly StageStep Pass = new StageStep.Pass();

    /// <summary>Asks again, with one fault.</summary>
    public static StageStep Fault(Challenge asked, string field, string text, string code) =>
        new StageStep.Ask(asked with
        {
            ResponseErrors = new Dictionary<string, IReadOnlyList<ErrorDetail>> { [field] = [new ErrorDetail(text, code)] },
        });

    /// <summary>Asks again unless the answer names the challenge: an empty one must not advance a stage that needs no field (CVE-2026-49443).</summary>
    public static StageStep? Unnamed(Challenge asked, FlowAnswer answer) =>
        answer.Component is null ? Fault(asked, "component", "This field is required.", "required") : null;

    /// <summary>Asks again: a field is missing or empty. Null when it is there.</summary>
    public static StageStep? Missing(Challenge asked, FlowAnswer answer, string field) => answer.Text(field) switch
    {
        null => Fault(asked, field, "This field is required.", "required"),
        "" => Fault(asked, field, "This field may not be blank.", "blank"),
        _ => null,
    };
}
