using System.Text;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.LoginMethods.LoginMethod>;

namespace Gatehouse.Management.LoginMethods;

/// <summary>Adds a login method, or replaces one. There is one for codes by mail at most.</summary>
internal sealed class SaveLoginMethod(GatehouseDb db, Writer writer, ISecretBox secrets, TimeProvider clock)
{
    public Task<Result> CreateAsync(LoginMethodDraft draft, CancellationToken cancellationToken) => writer.RunAsync<LoginMethod>(
        Topic.Access,
        async () =>
        {
            if (draft.Type == LoginMethodTypes.OneTimePin && await db.LoginMethods.AnyAsync(m => m.Type == LoginMethodTypes.OneTimePin, cancellationToken))
            {
                return new Result.Taken(new Fault("type", "there is a onetimepin identity provider already"));
            }

            var now = clock.GetUtcNow();
            var method = new LoginMethod
            {
                Id = Guid.CreateVersion7(now),
                Name = "",
                Type = draft.Type,
                ClientId = "",
                SealedClientSecret = [],
                AuthUrl = "",
                TokenUrl = "",
                CertsUrl = "",
                CreatedAt = now,
            };
            db.LoginMethods.Add(method);
            return Apply(method, draft, cancellationToken);
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(Guid id, LoginMethodDraft draft, CancellationToken cancellationToken) => writer.RunAsync<LoginMethod>(
        Topic.Access,
        async () => await db.LoginMethods.SingleOrDefaultAsync(m => m.Id == id, cancellationToken) is { } method
            ? Apply(method, draft, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    // What says who people are: where they are asked, by whose keys, in whose name, and which claim is theirs.
    private static (string, string, string, string, string, string, string) Provider(LoginMethod method) =>
        (method.Issuer, method.AuthUrl, method.TokenUrl, method.CertsUrl, method.ClientId, method.EmailClaimName, method.Type == LoginMethodTypes.Saml ? "" : method.PresetJson);

    // A certificate that is added takes nothing away; one that goes may have gone because others held its key.
    private static IReadOnlyList<string> Trusted(LoginMethod method) => method.Type == LoginMethodTypes.Saml ? SamlSettings.Of(method).Certificates : [];

    private Result Apply(LoginMethod method, LoginMethodDraft draft, CancellationToken cancellationToken)
    {
        var faults = draft.Check().ToList();
        if (draft.Type != method.Type)
        {
            faults.Add(new Fault("type", $"the type of an identity provider stays: this one is '{method.Type}'"));
        }

        if (draft.NeedsSecret && draft.ClientSecret.Length == 0 && method.SealedClientSecret.Length == 0)
        {
            faults.Add(new Fault("config.client_secret", "client_secret is a required field"));
        }

        // Else whoever may change the method could have the secret sent to an address of their own.
        if (method.SealedClientSecret.Length > 0 && draft.ClientSecret.Length == 0 && draft.TokenUrl != method.TokenUrl)
        {
            faults.Add(new Fault("config.client_secret", "client_secret is required with another token_url"));
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        var (before, trusted) = (Provider(method), Trusted(method));
        draft.ApplyTo(method);
        if ((before != Provider(method) || trusted.Except(Trusted(method)).Any()) && db.Entry(method).State != EntityState.Added)
        {
            // Whoever signed in at another provider, or as another client of it, is not known to this one.
            writer.Touch(Topic.Revocations);
            writer.Also(() => MethodSessions.EndAsync(db, method.Id, clock.GetUtcNow(), cancellationToken));
        }

        if (draft.ClientSecret.Length > 0 || method.SealedClientSecret.Length == 0)
        {
            method.SealedClientSecret = secrets.Seal(Encoding.UTF8.GetBytes(draft.ClientSecret), SecretPurposes.LoginMethodClientSecret);
        }

        method.UpdatedAt = clock.GetUtcNow();
        return new Result.Done(method);
    }
}
