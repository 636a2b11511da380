using Gatehouse.Management.Writes;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Origins.PublicHostname>;

namespace Gatehouse.Management.Hostnames;

/// <summary>Publishes a service under a hostname, or changes where a hostname leads.</summary>
internal sealed class SaveHostname(GatehouseDb db, Writer writer, PublicUrls urls, TimeProvider clock)
{
    public Task<Result> CreateAsync(HostnameDraft draft, CancellationToken cancellationToken) => writer.RunAsync<PublicHostname>(
        Topic.Access,
        () =>
        {
            var now = clock.GetUtcNow();
            var hostname = new PublicHostname { Id = Guid.CreateVersion7(now), Hostname = "", Service = "", CreatedAt = now };
            db.PublicHostnames.Add(hostname);
            return ApplyAsync(hostname, draft, cancellationToken);
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(Guid id, HostnameDraft draft, CancellationToken cancellationToken) => writer.RunAsync<PublicHostname>(
        Topic.Access,
        async () => await db.PublicHostnames.SingleOrDefaultAsync(h => h.Id == id, cancellationToken) is { } hostname
            ? await ApplyAsync(hostname, draft, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(PublicHostname hostname, HostnameDraft draft, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        (hostname.Hostname, hostname.Service) = draft.Read(faults);
        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        hostname.NoTlsVerify = draft.NoTlsVerify;
        hostname.HttpHostHeader = draft.HttpHostHeader;
        hostname.UpdatedAt = clock.GetUtcNow();
        return urls.IsOwn(hostname.Hostname)
            ? new Result.Taken(new Fault("hostname", $"'{hostname.Hostname}' is a host of Gatehouse itself"))
            : await db.PublicHostnames.AnyAsync(h => h.Hostname == hostname.Hostname && h.Id != hostname.Id, cancellationToken)
            ? new Result.Taken(new Fault("hostname", $"'{hostname.Hostname}' is published already"))
            : new Result.Done(hostname);
    }
}
