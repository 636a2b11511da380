using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Stages;

/// <summary>One setting of a kind of stage: its name in the API, what it may be, and what it is when nobody says.</summary>
public abstract class StageField(string name)
{
    /// <summary>authentik's name of it.</summary>
    public string Name => name;

    /// <summary>Whether callers have to give it when they make a stage.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether null is a value of it.</summary>
    public virtual bool MayBeNull => false;

    /// <summary>Whether it is written only: kept sealed, and never shown.</summary>
    public virtual bool IsSecret => false;

    /// <summary>What it is when nobody says.</summary>
    public abstract JsonNode? DefaultJson { get; }

    /// <summary>What is wrong with <paramref name="value"/>, which is not null; null when nothing is.</summary>
    public abstract string? Fault(JsonElement value);
}

/// <summary>A setting that reads as a <typeparamref name="T"/>.</summary>
public abstract class StageField<T>(string name, T otherwise) : StageField(name)
{
    /// <summary>What it is when nobody says.</summary>
    public T Default => otherwise;

    /// <summary>The value among <paramref name="settings"/>, which were checked when they were saved.</summary>
    public T Of(JsonElement settings) =>
        settings.TryGetProperty(Name, out var value) && value.ValueKind != JsonValueKind.Null ? Read(value) : Default;

    /// <summary>Reads a value that <see cref="StageField.Fault"/> had nothing against.</summary>
    protected abstract T Read(JsonElement value);
}
