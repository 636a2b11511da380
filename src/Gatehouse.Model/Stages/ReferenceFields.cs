using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Stages;

/// <summary>What a setting may point at.</summary>
public enum StageReference
{
    /// <summary>A flow.</summary>
    Flow,

    /// <summary>A stage of any kind.</summary>
    Stage,

    /// <summary>A stage that asks for a password.</summary>
    PasswordStage,

    /// <summary>A field of a prompt.</summary>
    Prompt,

    /// <summary>A group of users.</summary>
    Group,

    /// <summary>A policy of Identity.</summary>
    Policy,

    /// <summary>Something that does not exist here; any id is unknown.</summary>
    Nothing,
}

/// <summary>The id of another object, or null.</summary>
public sealed class ReferenceField(string name, StageReference target) : StageField<Guid?>(name, null)
{
    /// <summary>What it points at.</summary>
    public StageReference Target => target;

    /// <inheritdoc/>
    public override bool MayBeNull => true;

    /// <inheritdoc/>
    public override JsonNode? DefaultJson => null;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => ReferencesField.IsId(value) ? null : "Not a valid UUID.";

    /// <inheritdoc/>
    protected override Guid? Read(JsonElement value) => Guid.Parse(value.GetString() ?? "");
}

/// <summary>Ids of other objects, in order.</summary>
public sealed class ReferencesField(string name, StageReference target) : StageField<IReadOnlyList<Guid>>(name, [])
{
    /// <summary>What they point at.</summary>
    public StageReference Target => target;

    /// <inheritdoc/>
    public override JsonNode? DefaultJson => new JsonArray();

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => value.ValueKind != JsonValueKind.Array ? "Expected a list of items."
        : value.EnumerateArray().All(IsId) ? null
        : "Not a valid UUID.";

    /// <inheritdoc/>
    protected override IReadOnlyList<Guid> Read(JsonElement value) => [.. value.EnumerateArray().Select(e => Guid.Parse(e.GetString() ?? ""))];

    internal static bool IsId(JsonElement value) => value.ValueKind == JsonValueKind.String && Guid.TryParse(value.GetString(), out _);
}
