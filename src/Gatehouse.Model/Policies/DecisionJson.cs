using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Model.Policies;

/// <summary>The stored form of a <see cref="DecisionTree"/>.</summary>
public static class DecisionJson
{
    /// <summary>As kept in the log of decisions.</summary>
    public static string Write(DecisionTree tree) => JsonSerializer.Serialize(tree, DecisionJsonContext.Default.DecisionTree);

    /// <summary>Reads what <see cref="Write"/> made; null when it is something else.</summary>
    public static DecisionTree? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, DecisionJsonContext.Default.DecisionTree);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DecisionTree))]
internal sealed partial class DecisionJsonContext : JsonSerializerContext;
