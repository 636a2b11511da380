using Gatehouse.Model.Policies;

namespace Gatehouse.Access.Gateway;

/// <summary>What becomes of a request.</summary>
internal enum DecisionKind
{
    /// <summary>To the origin.</summary>
    Admit,

    /// <summary>To the origin, and the browser is handed the service token.</summary>
    AdmitService,

    /// <summary>To the login page.</summary>
    SignIn,

    /// <summary>A script asks without a session: 401, which it can read, where a redirect would be opaque.</summary>
    NotSignedIn,

    /// <summary>A preflight that the app doesn't let through.</summary>
    RefusePreflight,

    /// <summary>Another site's page opens a WebSocket with this visitor's cookies.</summary>
    RefuseCrossOrigin,

    /// <summary>The policies refuse this visitor.</summary>
    Deny,

    /// <summary>A service token was sent that does not count.</summary>
    BadService,

    /// <summary>A service token was sent that counts, but nothing admits it.</summary>
    UnmatchedService,

    /// <summary>A CORS preflight that the gateway answers itself.</summary>
    AnswerPreflight,

    /// <summary>The session can't be looked up now: closed.</summary>
    Unavailable,
}

/// <summary>The outcome for one request.</summary>
/// <param name="Admission">Set when admitted.</param>
/// <param name="Visitor">Set when denied.</param>
/// <param name="By">The service-auth policy that admitted it.</param>
/// <param name="Attributes">What the origin hears of the person in headers; null means nothing.</param>
/// <param name="Fault">What was wrong with a service token; for the log only.</param>
internal readonly record struct Decision(DecisionKind Kind, Admission? Admission = null, Visitor? Visitor = null, CompiledPolicy? By = null, string? Fault = null, IReadOnlyList<KeyValuePair<string, string>>? Attributes = null)
{
    /// <summary>On behalf of <paramref name="admission"/>.</summary>
    public static Decision Admit(Admission admission) => new(DecisionKind.Admit, admission);
}
