using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>An enrolment that was begun: what was shown to whom. A class: records print their members.</summary>
internal sealed class Enrolment
{
    /// <summary>Goes into the device, so that it is made once.</summary>
    public required Guid Id { get; init; }

    /// <summary>The stage.</summary>
    public required Guid StageId { get; init; }

    /// <summary>For whom.</summary>
    public required int UserId { get; init; }

    /// <summary>The shared secret in base64, or the recovery codes.</summary>
    public required IReadOnlyList<string> Secrets { get; init; }
}

/// <summary>Keeps enrolments sealed in the run: the answer brings nothing but a code, so nobody can put a secret of their own under somebody's name.</summary>
internal sealed class Enrolments(ISecretBox box, TimeProvider clock)
{
    /// <summary>The enrolment of this run at this stage; begun when there is none, which the executor then saves.</summary>
    public Enrolment FindOrBegin(FlowRun run, Stage stage, int userId, Func<IReadOnlyList<string>> secrets)
    {
        if (Open(run.State.Mfa.Enrolment) is { } known && known.StageId == stage.Id && known.UserId == userId)
        {
            return known;
        }

        var begun = new Enrolment { Id = Guid.CreateVersion7(clock.GetUtcNow()), StageId = stage.Id, UserId = userId, Secrets = secrets() };
        run.State.Mfa.Enrolment = Convert.ToBase64String(box.Seal(JsonSerializer.SerializeToUtf8Bytes(begun, FlowJson.Default.Enrolment), SecretPurposes.Enrolment));
        run.MustSave = true;
        return begun;
    }

    private Enrolment? Open(string? kept) =>
        kept is not null && box.Open(Convert.FromBase64String(kept), SecretPurposes.Enrolment) is { } plain
            ? JsonSerializer.Deserialize(plain, FlowJson.Default.Enrolment)
            : null;
}
