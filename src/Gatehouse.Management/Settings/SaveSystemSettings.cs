using System.Text.Json;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Settings.SystemSettings>;

namespace Gatehouse.Management.Settings;

/// <summary>Changes the settings of Identity; in force on this node when it returns, on the others soon after.</summary>
internal sealed class SaveSystemSettings(GatehouseDb db, Writer writer, WriteEvents events, ISnapshot<SystemSettings> settings)
{
    /// <summary>Changes them by <paramref name="change"/>, which sees what is in force.</summary>
    public Task<Result> RunAsync(Func<SystemSettings, SystemSettings> change, CancellationToken cancellationToken) => writer.RunAsync<SystemSettings>(
        Topic.Identity,
        async () =>
        {
            var wanted = change(settings.Current);
            if (Check(wanted).ToList() is { Count: > 0 } faults)
            {
                return new Result.Refused(faults);
            }

            var text = JsonSerializer.Serialize(wanted, SettingShapes.Default.SystemSettings);
            if (await db.Settings.SingleOrDefaultAsync(s => s.Name == SystemSettings.Name, cancellationToken) is { } row)
            {
                row.Value = text;
            }
            else
            {
                db.Settings.Add(new Setting { Name = SystemSettings.Name, Value = text });
            }

            events.Note(EventActions.ModelUpdated, new() { ["model"] = EventRow.Target("authentik_tenants", "tenant", "settings", "System settings") });
            return new Result.Done(wanted);
        },
        cancellationToken);

    private static IEnumerable<Fault> Check(SystemSettings wanted)
    {
        foreach (var (field, text) in new[] { ("event_retention", wanted.EventRetention), ("default_token_duration", wanted.TokenDuration) })
        {
            if (!ValidityPeriod.TryParse(text, out var period) || period <= TimeSpan.Zero)
            {
                yield return new Fault(field, $"{text} is not in the correct format of 'hours=3;minutes=1'.");
            }
        }

        if (wanted.TokenLength is < 30 or > 128)
        {
            yield return new Fault("default_token_length", "Expected 30 to 128.");
        }

        if (wanted.ReputationLowest > 0)
        {
            yield return new Fault("reputation_lower_limit", "Ensure this value is less than or equal to 0.");
        }

        if (wanted.ReputationHighest < 0)
        {
            yield return new Fault("reputation_upper_limit", "Ensure this value is greater than or equal to 0.");
        }
    }
}
