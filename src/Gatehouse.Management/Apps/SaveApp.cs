using System.Security.Cryptography;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.App>;

namespace Gatehouse.Management.Apps;

/// <summary>Adds an app, or replaces one. A domain belongs to one app only.</summary>
internal sealed class SaveApp(GatehouseDb db, Writer writer, AttachPolicies attach, PublicUrls urls, TimeProvider clock)
{
    /// <summary>A new client secret for a SaaS application by OpenID Connect.</summary>
    public static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Adds one. Of <paramref name="clientSecret"/>, null where the app is no client, only the hash is kept.</summary>
    public Task<Result> CreateAsync(AppDraft draft, string? clientSecret, CancellationToken cancellationToken) => writer.RunAsync<App>(
        Topic.Access,
        async () =>
        {
            if (draft.Type == AppType.AppLauncher && await db.Apps.AnyAsync(a => a.Type == AppType.AppLauncher, cancellationToken))
            {
                return new Result.Taken(new Fault("type", "there is an App Launcher already"));
            }

            var now = clock.GetUtcNow();
            var app = new App
            {
                Id = Guid.CreateVersion7(now),
                Aud = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
                Type = draft.Type,
                SsoId = draft.Saas is null ? null : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
                ClientSecretHash = clientSecret is null ? null : ServiceTokenEntry.HashOf(clientSecret),
                Name = "",
                Domains = [],
                CreatedAt = now,
            };
            db.Apps.Add(app);
            return await ApplyAsync(app, draft, [], cancellationToken);
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(Guid id, AppDraft draft, CancellationToken cancellationToken) => writer.RunAsync<App>(
        Topic.Access,
        async () => await db.Apps.Include(a => a.Policies).ThenInclude(l => l.Policy).SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is { } app
            ? await ApplyAsync(app, draft, draft.CheckAgainst(app), cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(App app, AppDraft draft, IEnumerable<Fault> before, CancellationToken cancellationToken)
    {
        List<Fault> faults = [.. before, .. draft.Check()];
        var domains = draft.ReadDomains(urls, faults);
        var methods = draft.AllowedLoginMethods.Concat(draft.NamedLoginMethods()).Distinct().ToList();
        var known = await db.LoginMethods.Where(m => methods.Contains(m.Id)).Select(m => m.Id).ToListAsync(cancellationToken);
        faults.AddRange(draft.AllowedLoginMethods.Except(known).Select(id => new Fault("allowed_idps", $"there is no identity provider {id}")));
        faults.AddRange(draft.NamedLoginMethods().Except(known).Select(id => new Fault("saas_app", $"name_by_idp names identity provider {id}, which does not exist")));
        var tags = await db.AppTags.Where(t => draft.Tags.Contains(t.Name)).Select(t => t.Name).ToListAsync(cancellationToken);
        if (draft.Tags.Except(tags).Any())
        {
            faults.Add(new Fault("tags", "tags contain a tag that does not exist"));
        }

        var pages = await db.CustomPages.Where(p => draft.CustomPages.Contains(p.Id)).Select(p => new { p.Id, p.Kind }).ToListAsync(cancellationToken);
        if (pages.Count < draft.CustomPages.Count || pages.Select(p => p.Kind).Distinct().Count() < pages.Count)
        {
            faults.Add(new Fault("custom_pages", "custom_pages holds a page that does not exist, or two of one type"));
        }

        var factors = await db.Organizations.AsNoTracking().Select(o => o.Mfa).SingleOrDefaultAsync(cancellationToken) is { } mfa ? mfa.Allowed : MfaMethods.None;
        if (RuleBook.MfaFault(draft.Mfa, factors) is { } factor)
        {
            faults.Add(new Fault("mfa_config", factor));
        }

        if (draft.Policies.Is(out var links))
        {
            faults.AddRange(await attach.PrepareAsync(app, links, cancellationToken));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        draft.ApplyTo(app, domains);
        app.UpdatedAt = clock.GetUtcNow();
        return await OwnerAsync(app, cancellationToken) is { } taken
            ? new Result.Taken(new Fault("domain", $"'{taken}' belongs to another application"))
            : new Result.Done(app);
    }

    // In any case of letters: servers differ on whether those make two paths.
    private async Task<string?> OwnerAsync(App app, CancellationToken cancellationToken)
    {
        var others = await db.Apps.AsNoTracking().Where(a => a.Id != app.Id).Select(a => a.Domains).ToListAsync(cancellationToken);
        var taken = others.SelectMany(d => d).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return app.Domains.Find(taken.Contains);
    }
}
