using System.Text.Json.Nodes;
using Gatehouse.Model.Authenticators;

namespace Gatehouse.Identity.Mfa;

/// <summary>An authenticator that proved somebody, as events name it.</summary>
internal sealed record UsedDevice(int Pk, string Name, string App, string ModelName)
{
    /// <summary>Names <paramref name="device"/>.</summary>
    public static UsedDevice Of(Authenticator device)
    {
        var model = device.Class.Model().Split('.');
        return new UsedDevice(device.Id, device.Name, model[0], model[1]);
    }
}

/// <summary>What a run knows about authenticators; part of its state. Holds no secret: what an enrolment needs is sealed.</summary>
internal sealed class MfaState
{
    /// <summary>The enrolment that is under way, sealed; null means none.</summary>
    public string? Enrolment { get; set; }

    /// <summary>The set-up stage that was chosen; null means none.</summary>
    public Guid? SetupStage { get; set; }

    /// <summary>Whether a passkey proved the person and had verified them itself: then a second factor was part of it.</summary>
    public bool IsPasskeyVerified { get; set; }

    /// <summary>Registrations that were refused.</summary>
    public int Attempts { get; set; }

    /// <summary>The authenticators that did.</summary>
    public List<UsedDevice> Devices { get; set; } = [];

    /// <summary>The same for events: <c>mfa_devices</c>.</summary>
    public JsonArray Facts() => new(
    [
        .. Devices.Select(d => new JsonObject { ["pk"] = d.Pk, ["name"] = d.Name, ["app"] = d.App, ["model_name"] = d.ModelName }),
    ]);
}
