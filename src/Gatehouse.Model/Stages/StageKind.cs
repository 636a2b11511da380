using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>A kind of stage: how the API calls it, and which settings it has. The one place where these stand.</summary>
public sealed class StageKind(StageType type, string word, string verboseName, params IReadOnlyList<StageField> fields)
{
    /// <summary>The kind.</summary>
    public StageType Type => type;

    /// <summary>Below <c>/stages/</c>: <c>user_login</c>, <c>prompt/stages</c>.</summary>
    public string Path { get; init; } = word;

    /// <summary>authentik's model: <c>authentik_stages_user_login.userloginstage</c>.</summary>
    public string Model { get; } = $"authentik_stages_{word.Replace('/', '_')}.{word.Replace("_", "", StringComparison.Ordinal).Replace("/", "", StringComparison.Ordinal)}stage";

    /// <summary>The form of authentik's admin page: <c>ak-stage-user-login-form</c>.</summary>
    public string Component { get; } = $"ak-stage-{word.Replace('_', '-').Replace('/', '-')}-form";

    /// <summary>Its name for people.</summary>
    public string VerboseName => verboseName;

    /// <summary>What it does, in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Its settings.</summary>
    public IReadOnlyList<StageField> Fields => fields;

    /// <summary>Members of the API's answer that always read the same here, as JSON by name.</summary>
    public IReadOnlyDictionary<string, string> Constants { get; init; } = new Dictionary<string, string>();
}
