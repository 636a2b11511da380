using Gatehouse.Hosting;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Roles;

/// <summary>What the first steps on the data left to tell. Not a record: it carries secrets.</summary>
internal sealed class Prepared
{
    /// <summary>The one-use link for the first administrator; null when set-up is done.</summary>
    public string? SetupLink { get; init; }

    /// <summary>What to print about the demo; null without it.</summary>
    public DemoFacts? Demo { get; init; }

    /// <summary>What the demo's connector brings; null without the demo.</summary>
    public TunnelCredentials? DemoTunnel { get; init; }

    /// <summary>The audience of the demo app's tokens; null without it.</summary>
    public string? DemoAud { get; init; }
}
