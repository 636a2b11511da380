using System.Text.Json;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;

namespace Gatehouse.Verbs;

/// <summary>A decision and its tree of reasons as JSON; for people there is <see cref="DecisionText"/>.</summary>
internal static class Explanation
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>For programs.</summary>
    public static string Json(DecisionRecord record) => JsonSerializer.Serialize(
        new
        {
            record.Id,
            record.At,
            record.Allowed,
            record.Action,
            App = record.AppName,
            record.Email,
            record.Address,
            record.Method,
            record.Host,
            record.Path,
            record.Country,
            record.Purpose,
            record.Approvers,
            Facts = record.FactsJson is { } facts ? JsonSerializer.Deserialize<JsonElement>(facts) : (JsonElement?)null,
            Reasons = DecisionJson.Read(record.TreeJson),
        },
        Indented);
}
