using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Stages;

/// <summary>What a caller says about a stage: its name, and members of the body by the names of its kind's settings.</summary>
internal sealed record StageFields(Maybe<string> Name, JsonElement Body);

/// <summary>Checks settings against the description of their kind and puts them together as they are kept.</summary>
internal sealed class StageDraft(GatehouseDb db, ISecretBox box)
{
    /// <summary>The settings to keep, or what is wrong. <paramref name="kept"/> is what stays where the body says nothing.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="body">The caller's object; members that are no settings are left alone.</param>
    /// <param name="kept">Settings so far.</param>
    /// <param name="mustBeWhole">Whether required settings have to be given.</param>
    public async Task<(string Settings, IReadOnlyList<Fault> Faults)> CheckAsync(StageKind kind, JsonElement body, JsonObject kept, bool mustBeWhole, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        foreach (var field in kind.Fields)
        {
            if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(field.Name, out var value))
            {
                if (mustBeWhole && field.IsRequired)
                {
                    faults.Add(new Fault(field.Name, "This field is required."));
                }
            }
            else if (FaultOf(field, value) is { } fault)
            {
                faults.Add(new Fault(field.Name, fault));
            }
            else
            {
                faults.AddRange(await StrangersAsync(field, value, cancellationToken));
                kept[field.Name] = field.IsSecret ? Seal(value.GetString() ?? "") : JsonNode.Parse(value.GetRawText());
            }
        }

        return (StageKinds.Write(kind.Type, kept), faults);
    }

    private static string? FaultOf(StageField field, JsonElement value) => value.ValueKind == JsonValueKind.Null
        ? field.MayBeNull ? null : "This field may not be null."
        : field.Fault(value);

    private string Seal(string plain) => plain.Length == 0 ? "" : Convert.ToBase64String(box.Seal(Encoding.UTF8.GetBytes(plain), SecretPurposes.StageSecret));

    // What a setting points at has to be there.
    private async Task<IEnumerable<Fault>> StrangersAsync(StageField field, JsonElement value, CancellationToken cancellationToken)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var (target, ids) = field switch
        {
            ReferenceField one => (one.Target, new List<Guid> { Guid.Parse(value.GetString() ?? "") }),
            ReferencesField many => (many.Target, [.. value.EnumerateArray().Select(e => Guid.Parse(e.GetString() ?? ""))]),
            _ => (StageReference.Nothing, []),
        };
        if (ids.Count == 0)
        {
            return [];
        }

        var known = await Known(target, ids).ToListAsync(cancellationToken);
        return ids.Except(known).Select(id => new Fault(field.Name, $"Invalid pk \"{id}\" - object does not exist."));
    }

    private IQueryable<Guid> Known(StageReference target, List<Guid> ids) => target switch
    {
        StageReference.Flow => db.Flows.Where(f => ids.Contains(f.Id)).Select(f => f.Id),
        StageReference.Stage => db.Stages.Where(s => ids.Contains(s.Id)).Select(s => s.Id),
        StageReference.PasswordStage => db.Stages.Where(s => ids.Contains(s.Id) && s.Type == StageType.Password).Select(s => s.Id),
        StageReference.Prompt => db.PromptFields.Where(p => ids.Contains(p.Id)).Select(p => p.Id),
        StageReference.Policy => db.IdentityPolicies.Where(p => ids.Contains(p.Id)).Select(p => p.Id),
        StageReference.Group => db.Groups.Where(g => ids.Contains(g.Id)).Select(g => g.Id),
        _ => db.Flows.Where(_ => false).Select(f => f.Id),
    };
}
