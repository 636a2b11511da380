using Gatehouse.Identity.Pages;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Finds the flow that a host runs for a designation: its brand's, else the shipped one, else any.</summary>
internal sealed class DefaultFlows(GatehouseDb db, BrandLooks looks)
{
    /// <summary>Its slug; null when there is none.</summary>
    public async Task<string?> SlugAsync(HttpRequest request, string designation, CancellationToken cancellationToken)
    {
        var chosen = (await looks.OfAsync(request, cancellationToken)).FlowFor(designation);
        var flows = await db.Flows.Where(f => f.Designation == designation || f.Id == chosen).OrderBy(f => f.Slug).Select(f => new { f.Id, f.Slug }).ToListAsync(cancellationToken);
        var usual = $"default-{designation}-flow";
        return (flows.Find(f => f.Id == chosen) ?? flows.Find(f => f.Slug == usual) ?? flows.FirstOrDefault())?.Slug;
    }
}
