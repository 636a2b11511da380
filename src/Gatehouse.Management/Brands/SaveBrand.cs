using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Brands.Brand>;

namespace Gatehouse.Management.Brands;

/// <summary>What a caller says about a brand. Absent fields stay as they are.</summary>
internal sealed class BrandFields
{
    public Maybe<string> Domain { get; init; }

    public Maybe<bool> IsDefault { get; init; }

    public Maybe<string> Title { get; init; }

    public Maybe<string> Logo { get; init; }

    public Maybe<string> Favicon { get; init; }

    public Maybe<string> CustomCss { get; init; }

    public Maybe<string> Background { get; init; }

    /// <summary>Flows by the name of their field.</summary>
    public IReadOnlyDictionary<string, Maybe<Guid?>> Flows { get; init; } = new Dictionary<string, Maybe<Guid?>>();

    public Maybe<Guid?> DefaultApplication { get; init; }

    public Maybe<Guid?> WebCertificate { get; init; }

    public Maybe<string> AttributesJson { get; init; }
}

/// <summary>Adds a brand, changes or removes one.</summary>
internal sealed class SaveBrand(GatehouseDb db, Writer writer)
{
    public Task<Result> CreateAsync(BrandFields fields, CancellationToken cancellationToken) => writer.RunAsync<Brand>(
        Topic.Identity,
        async () =>
        {
            var brand = new Brand { Id = Guid.CreateVersion7(), Domain = "" };
            db.Brands.Add(brand);
            return await ApplyAsync(brand, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, BrandFields fields, CancellationToken cancellationToken) => writer.RunAsync<Brand>(
        Topic.Identity,
        async () => await db.Brands.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is { } brand
            ? await ApplyAsync(brand, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<Brand>(
        Topic.Identity,
        async () =>
        {
            if (await db.Brands.SingleOrDefaultAsync(b => b.Id == id, cancellationToken) is not { } brand)
            {
                return new Result.Missing();
            }

            await db.UnbindAsync([brand.Id], cancellationToken);
            db.Brands.Remove(brand);
            return new Result.Done(brand);
        },
        cancellationToken);

    private async Task<Result> ApplyAsync(Brand brand, BrandFields fields, CancellationToken cancellationToken)
    {
        var faults = Put(brand, fields).ToList();
        faults.AddRange(await ReferenceFaultsAsync(brand, fields, cancellationToken));
        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.Brands.AnyAsync(b => b.Domain == brand.Domain && b.Id != brand.Id, cancellationToken)
            ? new Result.Taken(new Fault("domain", "Brand with this domain already exists."))
            : brand.IsDefault && await db.Brands.AnyAsync(b => b.IsDefault && b.Id != brand.Id, cancellationToken)
            ? new Result.Taken(new Fault("default", "Only a single brand can be set as default."))
            : new Result.Done(brand);
    }

    private static IEnumerable<Fault> Put(Brand brand, BrandFields fields)
    {
        if (fields.Domain.Is(out var domain))
        {
            // authentik-default is no host; it is what the default brand is called.
            if (domain != "authentik-default" && !EmailAddress.IsHost(domain))
            {
                yield return new Fault("domain", "Enter a host name in lower case, such as auth.example.com.");
            }

            brand.Domain = domain;
        }

        foreach (var (name, picture) in new[] { ("branding_logo", fields.Logo), ("branding_favicon", fields.Favicon), ("branding_default_flow_background", fields.Background) })
        {
            if (picture.Is(out var url) && url.Length > 0 && !PictureUrl.IsSafe(url))
            {
                yield return new Fault(name, "Enter an http or https URL, or a path.");
            }
        }

        brand.IsDefault = fields.IsDefault.Or(brand.IsDefault);
        brand.Title = fields.Title.Or(brand.Title);
        brand.Logo = fields.Logo.Or(brand.Logo);
        brand.Favicon = fields.Favicon.Or(brand.Favicon);
        brand.CustomCss = fields.CustomCss.Or(brand.CustomCss);
        brand.Background = fields.Background.Or(brand.Background);
        brand.AttributesJson = fields.AttributesJson.Or(brand.AttributesJson);
        brand.AuthenticationFlowId = Flow("flow_authentication", brand.AuthenticationFlowId);
        brand.InvalidationFlowId = Flow("flow_invalidation", brand.InvalidationFlowId);
        brand.RecoveryFlowId = Flow("flow_recovery", brand.RecoveryFlowId);
        brand.UnenrollmentFlowId = Flow("flow_unenrollment", brand.UnenrollmentFlowId);
        brand.UserSettingsFlowId = Flow("flow_user_settings", brand.UserSettingsFlowId);
        brand.DeviceCodeFlowId = Flow("flow_device_code", brand.DeviceCodeFlowId);
        brand.DefaultApplicationId = fields.DefaultApplication.Or(brand.DefaultApplicationId);
        brand.WebCertificateId = fields.WebCertificate.Or(brand.WebCertificateId);

        Guid? Flow(string name, Guid? kept) => fields.Flows.TryGetValue(name, out var given) ? given.Or(kept) : kept;
    }

    private async Task<List<Fault>> ReferenceFaultsAsync(Brand brand, BrandFields fields, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        var wanted = fields.Flows.Values.Select(f => f.Or(null)).OfType<Guid>().ToList();
        var flows = await db.Flows.Where(f => wanted.Contains(f.Id)).Select(f => f.Id).ToListAsync(cancellationToken);
        faults.AddRange(from flow in fields.Flows where flow.Value.Or(null) is { } id && !flows.Contains(id) select Missing(flow.Key, flow.Value.Or(null)));
        if (fields.DefaultApplication.Or(null) is { } application && !await db.ProviderApplications.AnyAsync(a => a.Id == application, cancellationToken))
        {
            faults.Add(Missing("default_application", application));
        }

        if (fields.WebCertificate.Or(null) is { } pair && !await db.KeyPairs.AnyAsync(k => k.Id == pair, cancellationToken))
        {
            faults.Add(Missing("web_certificate", brand.WebCertificateId));
        }

        return faults;

        static Fault Missing(string field, Guid? id) => new(field, $"Invalid pk \"{id}\" - object does not exist.");
    }
}
