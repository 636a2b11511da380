namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Asks for whatever its fields say.</summary>
internal sealed record PromptChallenge(IReadOnlyList<PromptQuestion> Fields) : Challenge("ak-stage-prompt");

/// <summary>One field, in authentik's members.</summary>
internal sealed record PromptQuestion(
    string FieldKey, string Label, string Type, bool Required, string Placeholder, string InitialValue, int Order, string SubText, IReadOnlyList<ChoiceOption>? Choices);

/// <summary>One of a field's choices.</summary>
internal sealed record ChoiceOption(string Value, string Label);

/// <summary>Asks whether to stay signed in.</summary>
internal sealed record UserLoginChallenge(string PendingUser, string PendingUserAvatar) : Challenge("ak-stage-user-login");

/// <summary>Says that a link was sent.</summary>
internal sealed record EmailChallenge(string PendingUser, string PendingUserAvatar) : Challenge("ak-stage-email");

/// <summary>Asks for a click.</summary>
internal sealed record DummyChallenge(string Name) : Challenge("ak-stage-dummy");

/// <summary>Says that something broke.</summary>
internal sealed record FlowErrorChallenge(string RequestId) : Challenge("ak-stage-flow-error");
