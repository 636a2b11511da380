using Gatehouse.Management.Http;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Applications;

/// <summary>An application with its provider, if it has one.</summary>
internal sealed record ApplicationFacts(ProviderApplication Application, OAuth2Provider? Provider)
{
    /// <summary>Where its tile leads: as configured, else the origin of the provider's first redirect URI; null means nowhere.</summary>
    public string? LaunchUrl =>
        Application.LaunchUrl.Length > 0
            ? Application.LaunchUrl
            : Provider?.RedirectUris.Find(u => u.Type == RedirectUriType.Authorization && u.Mode == MatchingMode.Strict) is { } first
                && Uri.TryCreate(first.Url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri.GetLeftPart(UriPartial.Authority)
            : null;
}

/// <summary>Which applications a list holds; null means any.</summary>
internal sealed class ApplicationFilter
{
    public string? Name { get; init; }

    public string? Slug { get; init; }

    public string? GroupLabel { get; init; }

    /// <summary>Also those kept off the user's page.</summary>
    public bool WithHidden { get; init; }

    public string? Search { get; init; }

    public string? LaunchUrl { get; init; }

    public string? Description { get; init; }

    public string? Publisher { get; init; }

    public bool? IsHidden { get; init; }

    /// <summary>Only those that somebody may use.</summary>
    public PolicySubject? UsableBy { get; init; }

    public bool OnlyWithLaunchUrl { get; init; }
}

/// <summary>Reads applications of Identity.</summary>
internal sealed class ApplicationDirectory(GatehouseDb db, VisibleApplications visible)
{
    public async Task<ApplicationFacts?> FindAsync(string slug, CancellationToken cancellationToken)
    {
        var application = await db.ProviderApplications.AsNoTracking().SingleOrDefaultAsync(a => a.Slug == slug, cancellationToken);
        return application is null ? null : (await DescribeAsync([application], cancellationToken))[0];
    }

    /// <summary>Applications by key; those that are gone are left out.</summary>
    public async Task<IReadOnlyDictionary<Guid, ApplicationFacts>> FindManyAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var found = await db.ProviderApplications.AsNoTracking().Where(a => ids.Contains(a.Id)).ToListAsync(cancellationToken);
        return (await DescribeAsync(found, cancellationToken)).ToDictionary(a => a.Application.Id);
    }

    public async Task<Slice<ApplicationFacts>> ListAsync(
        ApplicationFilter filter, Func<IQueryable<ProviderApplication>, IQueryable<ProviderApplication>> order, Paging paging, CancellationToken cancellationToken)
    {
        var applications = db.ProviderApplications.AsNoTracking();
        applications = filter.Name is { } name ? applications.Where(a => a.Name == name) : applications;
        applications = filter.Slug is { } slug ? applications.Where(a => a.Slug == slug) : applications;
        applications = filter.GroupLabel is { } group ? applications.Where(a => a.GroupLabel == group) : applications;
        applications = filter.LaunchUrl is { } launchUrl ? applications.Where(a => a.LaunchUrl == launchUrl) : applications;
        applications = filter.Description is { } description ? applications.Where(a => a.Description == description) : applications;
        applications = filter.Publisher is { } publisher ? applications.Where(a => a.Publisher == publisher) : applications;
        applications = filter.IsHidden is { } isHidden ? applications.Where(a => a.IsHidden == isHidden) : applications;
        applications = filter.WithHidden ? applications : applications.Where(a => !a.IsHidden);
        applications = filter.Search is { Length: > 0 } text
            ? applications.Search(text, a => a.Name, a => a.Slug, a => a.Description, a => a.Publisher, a => a.GroupLabel) : applications;
        var slice = await order(applications).SliceAsync(paging, cancellationToken);
        var described = await DescribeAsync(await UsableAsync(slice.Items, filter.UsableBy, cancellationToken), cancellationToken);

        // As in authentik the total counts what may not be used, too: a page may hold less than its size.
        return new Slice<ApplicationFacts>(filter.OnlyWithLaunchUrl ? [.. described.Where(a => a.LaunchUrl is not null)] : described, slice.Total);
    }

    /// <summary>Whether somebody may use the application.</summary>
    public async Task<bool> MayUseAsync(ProviderApplication application, PolicySubject subject, CancellationToken cancellationToken) =>
        (await UsableAsync([application], subject, cancellationToken)).Count == 1;

    private async Task<IReadOnlyList<ProviderApplication>> UsableAsync(IReadOnlyList<ProviderApplication> applications, PolicySubject? subject, CancellationToken cancellationToken)
    {
        if (subject is null || applications.Count == 0)
        {
            return applications;
        }

        var allowed = await visible.AllowedAsync(applications, subject, cancellationToken);
        return [.. applications.Where(a => allowed.Contains(a.Id))];
    }

    private async Task<IReadOnlyList<ApplicationFacts>> DescribeAsync(IReadOnlyList<ProviderApplication> applications, CancellationToken cancellationToken)
    {
        var ids = applications.Select(a => a.ProviderId).ToList();
        var providers = await db.Providers.AsNoTracking().Where(p => ids.Contains(p.Id)).ToListAsync(cancellationToken);
        return [.. applications.Select(a => new ApplicationFacts(a, providers.Find(p => p.Id == a.ProviderId)))];
    }
}
