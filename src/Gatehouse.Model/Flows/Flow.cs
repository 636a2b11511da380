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

    /// <summary>How its policy bindings are put together: <c>any</c> or <c>all</c>.</summary>
    public string PolicyEngineMode { get; set; } = "any";

    /// <summary>What follows when its policies fail: <c>message_continue</c>, <c>message</c> or <c>continue</c>.</summary>
    public string DeniedAction { get; set; } = "message_continue";

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
    public required Guid FlowId { get; init; }

    /// <summary>The stage.</summary>
    public required Guid StageId { get; init; }

    /// <summary>The stage, when loaded.</summary>
    public Stage? Stage { get; init; }

    /// <summary>Lower runs first.</summary>
    public required int Order { get; set; }

    /// <summary>Ask its policies when the flow begins; the stage is left out when they fail.</summary>
    public bool EvaluateOnPlan { get; set; }

    /// <summary>Ask its policies right before the stage; it is left out when they fail.</summary>
    public bool ReEvaluatePolicies { get; set; } = true;

    /// <summary>How its policy bindings are put together: <c>any</c> or <c>all</c>.</summary>
    public string PolicyEngineMode { get; set; } = "any";

    /// <summary>What follows a wrong answer: <c>retry</c>, <c>restart</c> or <c>restart_with_context</c>.</summary>
    public string InvalidResponseAction { get; set; } = "retry";
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
