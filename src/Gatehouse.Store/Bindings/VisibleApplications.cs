using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>An application with its provider, if it has one.</summary>
public sealed record VisibleApplication(ProviderApplication Application, OAuth2Provider? Provider);

/// <summary>Which applications somebody may use and see: bindings pass, and it is not kept off the page.</summary>
public sealed class VisibleApplications(GatehouseDb db, PolicyEngine engine)
{
    /// <summary>Those of a user, by section and name. Five queries, however many there are.</summary>
    public async Task<IReadOnlyList<VisibleApplication>> ListAsync(PolicySubject subject, CancellationToken cancellationToken)
    {
        var found = await (
            from application in db.ProviderApplications.AsNoTracking()
            join provider in db.Providers.AsNoTracking() on application.ProviderId equals provider.Id into providers
            from provider in providers.DefaultIfEmpty()
            where !application.IsHidden
            orderby application.GroupLabel, application.Name
            select new VisibleApplication(application, provider)).ToListAsync(cancellationToken);
        var allowed = await AllowedAsync(found.ConvertAll(f => f.Application), subject, cancellationToken);
        return found.FindAll(f => allowed.Contains(f.Application.Id));
    }

    /// <summary>Which of <paramref name="applications"/> a user may use.</summary>
    public async Task<HashSet<Guid>> AllowedAsync(IReadOnlyList<ProviderApplication> applications, PolicySubject subject, CancellationToken cancellationToken)
    {
        var verdicts = await engine.JudgeAllAsync(db, applications, subject, cancellationToken);
        return [.. verdicts.Where(v => v.Value.IsPassing).Select(v => v.Key)];
    }
}
