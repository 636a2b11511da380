using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>An application with its provider, if it has one.</summary>
public sealed record VisibleApplication(ProviderApplication Application, OAuth2Provider? Provider);

/// <summary>Which applications somebody may use and see: bindings pass, and it is not kept off the page.</summary>
public sealed class VisibleApplications(GatehouseDb db, PolicyEngine engine)
{
    /// <summary>Those of a user, by section and name. A handful of queries, however many there are.</summary>
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

    /// <summary>Which of <paramref name="applications"/> a user may use. One that registered itself, those only who may use the application that let it.</summary>
    public async Task<HashSet<Guid>> AllowedAsync(IReadOnlyList<ProviderApplication> applications, PolicySubject subject, CancellationToken cancellationToken)
    {
        var parents = await ParentsAsync(applications, cancellationToken);
        var verdicts = await engine.JudgeAllAsync(
            db, [.. applications.Concat(parents.Values.OfType<ProviderApplication>()).DistinctBy(a => a.Id)], subject, cancellationToken);
        return [.. applications.Where(a => verdicts[a.Id].IsPassing && (!parents.TryGetValue(a.Id, out var parent) || (parent is not null && verdicts[parent.Id].IsPassing))).Select(a => a.Id)];
    }

    /// <summary>The same for one application, with what each rule says.</summary>
    public async Task<PolicyVerdict> JudgeAsync(ProviderApplication application, PolicySubject subject, CancellationToken cancellationToken)
    {
        var verdict = await engine.LookAsync(application.Id, subject, cancellationToken);
        return !verdict.IsPassing || !(await ParentsAsync([application], cancellationToken)).TryGetValue(application.Id, out var parent) ? verdict
            : parent is null ? new PolicyVerdict(false, [], ["the provider that the client registered through has no application any more"])
            : await engine.LookAsync(parent.Id, subject, cancellationToken);
    }

    // By the id of the application that registered itself; null: there is none any more, so nobody may use it.
    private async Task<Dictionary<Guid, ProviderApplication?>> ParentsAsync(IReadOnlyList<ProviderApplication> applications, CancellationToken cancellationToken)
    {
        var ids = applications.Select(a => a.ProviderId).OfType<int>().ToList();
        var registered = await db.Providers.AsNoTracking().Where(p => ids.Contains(p.Id) && p.RegisteredThroughId != null)
            .Select(p => new { p.Id, Through = p.RegisteredThroughId }).ToListAsync(cancellationToken);
        var through = registered.ConvertAll(r => r.Through);
        var parents = through.Count == 0 ? [] : await db.ProviderApplications.AsNoTracking().Where(a => through.Contains(a.ProviderId)).ToListAsync(cancellationToken);
        return registered.ToDictionary(r => applications.First(a => a.ProviderId == r.Id).Id, r => parents.Find(p => p.ProviderId == r.Through));
    }
}
