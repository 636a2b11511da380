using Gatehouse.Management.Writes;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Providers.ScopeMapping>;

namespace Gatehouse.Management.Providers;

/// <summary>What a caller says about a scope mapping. Absent fields stay as they are.</summary>
internal sealed class ScopeMappingFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<string> ScopeName { get; init; }

    public Maybe<string?> Managed { get; init; }

    public Maybe<string> Description { get; init; }

    public Maybe<string> Expression { get; init; }
}

/// <summary>Adds a scope mapping, or changes one. Expressions are read when they are saved.</summary>
internal sealed class SaveScopeMapping(GatehouseDb db, Writer writer)
{
    private const string Shipped = "The claims of a shipped mapping are built in; add a mapping of your own for the same scope: their claims are merged.";

    public Task<Result> CreateAsync(ScopeMappingFields fields, CancellationToken cancellationToken) => writer.RunAsync<ScopeMapping>(
        Topic.Identity,
        async () =>
        {
            var mapping = new ScopeMapping { Id = Guid.CreateVersion7(), Name = "", ScopeName = "" };
            db.ScopeMappings.Add(mapping);
            return await ApplyAsync(mapping, fields, isNew: true, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, ScopeMappingFields fields, CancellationToken cancellationToken) => writer.RunAsync<ScopeMapping>(
        Topic.Identity,
        async () => await db.ScopeMappings.SingleOrDefaultAsync(m => m.Id == id, cancellationToken) is { } mapping
            ? await ApplyAsync(mapping, fields, isNew: false, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(ScopeMapping mapping, ScopeMappingFields fields, bool isNew, CancellationToken cancellationToken)
    {
        var wasShipped = !isNew && ShippedClaims.NamesOf(mapping.Managed) is not null;
        List<Fault> faults = [];
        if (wasShipped && ((fields.Expression.Is(out var fresh) && fresh != mapping.Expression) || (fields.ScopeName.Is(out var scope) && scope != mapping.ScopeName)))
        {
            faults.Add(new Fault(fields.Expression.Is(out _) ? "expression" : "scope_name", Shipped));
        }

        if (!wasShipped && fields.Managed.Is(out var managed) && ShippedClaims.NamesOf(managed) is not null)
        {
            faults.Add(new Fault("managed", "This id is kept for a shipped mapping."));
        }

        mapping.Name = fields.Name.Or(mapping.Name);
        mapping.ScopeName = fields.ScopeName.Or(mapping.ScopeName);
        mapping.Managed = wasShipped ? mapping.Managed : fields.Managed.Or(mapping.Managed) is { Length: > 0 } kept ? kept : null;
        mapping.Description = fields.Description.Or(mapping.Description);
        mapping.Expression = fields.Expression.Or(mapping.Expression);
        faults.AddRange(Check(mapping, wasShipped));
        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.ScopeMappings.AnyAsync(m => m.Name == mapping.Name && m.Id != mapping.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", "Scope Mapping with this name already exists."))
            : mapping.Managed is not null && await db.ScopeMappings.AnyAsync(m => m.Managed == mapping.Managed && m.Id != mapping.Id, cancellationToken)
            ? new Result.Taken(new Fault("managed", "Scope Mapping with this managed id already exists."))
            : new Result.Done(mapping);
    }

    private static IEnumerable<Fault> Check(ScopeMapping mapping, bool isShipped)
    {
        // RFC 6749 §3.3: what a scope may hold.
        if (mapping.ScopeName.Length == 0 || mapping.ScopeName.AsSpan().ContainsAnyExceptInRange('!', '~') || mapping.ScopeName.AsSpan().ContainsAny('"', '\\'))
        {
            yield return new Fault("scope_name", "A scope is printable ASCII without spaces, quotes and backslashes.");
        }

        if (!isShipped && Expression.Read(mapping.Expression, ExpressionNames.Mapping) is ExpressionReading.Refused refused)
        {
            yield return new Fault("expression", refused.Fault.ToString());
        }
    }
}
