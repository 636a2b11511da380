using System.Net;
using System.Net.Sockets;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Dns.DnsRecord>;

namespace Gatehouse.Management.Dns;

/// <summary>A record as it shall be, whole.</summary>
internal sealed record DnsRecordDraft(string Name, string Type, string Content, int Ttl, bool IsProxied, string Comment);

/// <summary>Makes, changes and removes records of the zone. A proxied CNAME to a tunnel publishes its name; nothing else has an effect here.</summary>
internal sealed class SaveDnsRecord(GatehouseDb db, Writer writer, PublicUrls urls, TimeProvider clock)
{
    private static readonly string[] Types = ["A", "AAAA", "CNAME", "TXT", "MX", "NS"];

    public Task<Result> CreateAsync(DnsRecordDraft draft, CancellationToken cancellationToken) => writer.RunAsync<DnsRecord>(
        Topic.Access,
        () =>
        {
            var now = clock.GetUtcNow();
            var record = new DnsRecord { Id = Guid.CreateVersion7(now), Name = "", Type = "", Content = "", CreatedAt = now };
            db.DnsRecords.Add(record);
            return ApplyAsync(record, draft, cancellationToken);
        },
        cancellationToken);

    /// <summary>Changes one; <paramref name="change"/> gets it as it is.</summary>
    public Task<Result> ChangeAsync(Guid id, Func<DnsRecord, DnsRecordDraft> change, CancellationToken cancellationToken) => writer.RunAsync<DnsRecord>(
        Topic.Access,
        async () => await db.DnsRecords.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is { } record
            ? await ApplyAsync(record, change(record), cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<DnsRecord>(
        Topic.Access,
        async () =>
        {
            if (await db.DnsRecords.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is not { } record)
            {
                return new Result.Missing();
            }

            db.DnsRecords.Remove(record);
            return new Result.Done(record);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(DnsRecord record, DnsRecordDraft draft, CancellationToken cancellationToken)
    {
        record.Name = NameOf(draft.Name);
        record.Type = draft.Type.ToUpperInvariant();
        record.Content = record.Type == "CNAME" ? draft.Content.TrimEnd('.').ToLowerInvariant() : draft.Content;
        record.Ttl = draft.Ttl;
        record.IsProxied = draft.IsProxied;
        record.Comment = draft.Comment;
        record.UpdatedAt = clock.GetUtcNow();
        var faults = FaultsOf(record);
        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        // As in any zone: a name with a CNAME has nothing else, and no record stands twice.
        var others = await db.DnsRecords.AsNoTracking().Where(r => r.Name == record.Name && r.Id != record.Id).ToListAsync(cancellationToken);
        return others.Exists(o => o.Type == "CNAME" || record.Type == "CNAME" || (o.Type == record.Type && o.Content == record.Content))
            ? new Result.Taken(new Fault("name", "An A, AAAA, or CNAME record with that host already exists."))
            : new Result.Done(record);
    }

    private string NameOf(string name)
    {
        var lower = name.TrimEnd('.').ToLowerInvariant();
        return lower == "@" ? urls.Domain
            : lower == urls.Domain || lower.EndsWith("." + urls.Domain, StringComparison.Ordinal) ? lower
            : lower.Contains('.', StringComparison.Ordinal) ? lower : $"{lower}.{urls.Domain}";
    }

    private List<Fault> FaultsOf(DnsRecord record)
    {
        List<Fault> faults = [];
        if (!EmailAddress.IsHost(record.Name.StartsWith("*.", StringComparison.Ordinal) ? record.Name[2..] : record.Name)
            || (record.Name != urls.Domain && !record.Name.EndsWith("." + urls.Domain, StringComparison.Ordinal)))
        {
            faults.Add(new Fault("name", $"'{record.Name}' is no name in the zone {urls.Domain}"));
        }
        else if (urls.IsOwn(record.Name))
        {
            faults.Add(new Fault("name", $"'{record.Name}' is a host of Gatehouse itself"));
        }

        if (!Types.Contains(record.Type))
        {
            faults.Add(new Fault("type", $"type must be one of {string.Join(", ", Types)}"));
        }
        else if (!IsContent(record))
        {
            faults.Add(new Fault("content", $"'{record.Content}' is no content for a record of type {record.Type}"));
        }

        if (record.Ttl != 1 && record.Ttl is < 60 or > 86400)
        {
            faults.Add(new Fault("ttl", "ttl must be 1 (automatic) or 60 to 86400"));
        }

        return faults;
    }

    private static bool IsContent(DnsRecord record) => record.Type switch
    {
        "A" => IPAddress.TryParse(record.Content, out var four) && four.AddressFamily == AddressFamily.InterNetwork && four.ToString() == record.Content,
        "AAAA" => IPAddress.TryParse(record.Content, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6,
        "CNAME" or "NS" or "MX" => EmailAddress.IsHost(record.Content),
        _ => record.Content.Length is > 0 and <= 4096,
    };
}

/// <summary>Reads records.</summary>
internal sealed class DnsDirectory(GatehouseDb db)
{
    public Task<DnsRecord?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.DnsRecords.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, cancellationToken);

    public Task<DnsRecord?> FindAsync(string name, CancellationToken cancellationToken) =>
        db.DnsRecords.AsNoTracking().FirstOrDefaultAsync(r => r.Name == name, cancellationToken);

    /// <summary>A page of them; null means any.</summary>
    public Task<Slice<DnsRecord>> ListAsync(string? name, string? type, string? content, Paging paging, CancellationToken cancellationToken)
    {
        var records = db.DnsRecords.AsNoTracking();
        records = name is not null ? records.Where(r => r.Name == name) : records;
        records = type is not null ? records.Where(r => r.Type == type) : records;
        records = content is not null ? records.Where(r => r.Content == content) : records;
        return records.OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).SliceAsync(paging, cancellationToken);
    }
}
