namespace Gatehouse.Model.Flows;

/// <summary>A sequence of stages that people walk through (sign-in, consent, logout).</summary>
public sealed class Flow
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique; guides name the shipped ones.</summary>
    public required string Slug { get; set; }

    /// <summary>Shown to administrators.</summary>
    public required string Name { get; set; }

    /// <summary>Heading of the page; may hold <c>%(app)s</c> and <c>%(user)s</c>.</summary>
    public required string Title { get; set; }

    /// <summary>authentik's designation: <c>authentication</c>, <c>authorization</c>, <c>invalidation</c>, ...</summary>
    public required string Designation { get; set; }

    /// <summary>Who may run it: <c>none</c>, <c>require_authenticated</c>, <c>require_unauthenticated</c>, ...</summary>
    public string Authentication { get; set; } = "none";

    /// <summary>What happens to those who may not run it: <c>message_continue</c> (on to <c>next</c>, else a message), <c>message</c>, <c>continue</c>.</summary>
    public string DeniedAction { get; set; } = "message_continue";

    /// <summary>authentik's word for how its pages are laid out.</summary>
    public string Layout { get; set; } = "stacked";

    /// <summary>URL of the background picture; empty means the brand's.</summary>
    public string Background { get; set; } = "";

    /// <summary><c>any</c> or <c>all</c>: how its bindings are joined.</summary>
    public string PolicyEngineMode { get; set; } = "any";

    /// <summary>Kept for clients that set it; our pages need no compatibility mode.</summary>
    public bool CompatibilityMode { get; set; }

    /// <summary>Its stages, when loaded.</summary>
    public List<FlowStageBinding> Bindings { get; set; } = [];

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>The kinds of stage there are.</summary>
public enum StageType
{
    /// <summary>Asks who somebody is.</summary>
    Identification,

    /// <summary>Asks for the password.</summary>
    Password,

    /// <summary>Starts the session.</summary>
    UserLogin,

    /// <summary>Ends the session.</summary>
    UserLogout,

    /// <summary>Asks whether an application may see the person's data.</summary>
    Consent,

    /// <summary>Asks for the code that a device shows.</summary>
    DeviceCode,

    /// <summary>Asks for more.</summary>
    Prompt,

    /// <summary>Makes or changes a user.</summary>
    UserWrite,

    /// <summary>Deletes the person's own account.</summary>
    UserDelete,

    /// <summary>Lets people with an invitation go on.</summary>
    Invitation,

    /// <summary>Sends a link and waits until it is opened.</summary>
    Email,

    /// <summary>Ends the flow without success.</summary>
    Deny,

    /// <summary>Leads elsewhere.</summary>
    Redirect,

    /// <summary>Asks for a click.</summary>
    Dummy,

    /// <summary>Enrols an authenticator app.</summary>
    AuthenticatorTotp,

    /// <summary>Makes recovery codes.</summary>
    AuthenticatorStatic,

    /// <summary>Enrols a security key or passkey.</summary>
    AuthenticatorWebAuthn,

    /// <summary>Asks for a proof by an authenticator.</summary>
    AuthenticatorValidate,
}

/// <summary>One step of a flow, with its settings.</summary>
public sealed class Stage
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>Kind.</summary>
    public required StageType Type { get; init; }

    /// <summary>Settings of its kind, a JSON object with authentik's field names.</summary>
    public string SettingsJson { get; set; } = "{}";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>Puts a stage into a flow.</summary>
public sealed class FlowStageBinding
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The flow.</summary>
    public required Guid FlowId { get; set; }

    /// <summary>The stage.</summary>
    public required Guid StageId { get; set; }

    /// <summary>The stage, when loaded.</summary>
    public Stage? Stage { get; init; }

    /// <summary>Lower runs first.</summary>
    public required int Order { get; set; }

    /// <summary>Whether its policies are judged when the run begins.</summary>
    public bool EvaluateOnPlan { get; set; }

    /// <summary>Whether its policies are judged right before the stage.</summary>
    public bool ReEvaluatePolicies { get; set; } = true;

    /// <summary><c>any</c> or <c>all</c>: how its policies are joined.</summary>
    public string PolicyEngineMode { get; set; } = "any";

    /// <summary>What a wrong answer does: <c>retry</c>, <c>restart</c>, or <c>restart_with_context</c>, which keeps what was answered.</summary>
    public string InvalidResponseAction { get; set; } = "retry";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>How far somebody has come in a flow. Kept by session, flow and query, so two tabs finish apart.</summary>
public sealed class FlowPlan
{
    /// <summary>SHA-256 over session key, slug and query, lower-case hex.</summary>
    public required string Id { get; init; }

    /// <summary>State as JSON; holds no secret.</summary>
    public required string StateJson { get; set; }

    /// <summary>When it may be forgotten.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save, so a step can't be taken twice.</summary>
    public int Version { get; set; }
}
