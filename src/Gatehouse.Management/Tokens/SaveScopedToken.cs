using System.Security.Cryptography;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Management.Tokens.IssuedToken>;

namespace Gatehouse.Management.Tokens;

/// <summary>A token and, right after it was made or made anew, its value. A class, so that it is never printed.</summary>
internal sealed class IssuedToken(ScopedToken token, string? value)
{
    public ScopedToken Token => token;

    public string? Value => value;
}

/// <summary>A scoped token as it shall be, whole.</summary>
internal sealed record ScopedTokenDraft(string Name, List<TokenGrant> Grants)
{
    public List<string> AllowedAddresses { get; init; } = [];

    public List<string> RefusedAddresses { get; init; } = [];

    public bool IsDisabled { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Makes, changes and ends scoped tokens. A scoped token that does it gives no more than it has itself.</summary>
internal sealed class SaveScopedToken(GatehouseDb db, Writer writer, TimeProvider clock)
{
    private const string None = "tokens"; // a topic that no table follows: tokens are looked up
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int ValueLength = 40;
    private const int MostTokens = 500;

    public Task<Result> CreateAsync(ApiCaller caller, ScopedTokenDraft draft, CancellationToken cancellationToken) => writer.RunAsync<IssuedToken>(
        None,
        async () =>
        {
            var faults = Faults(caller, draft);
            if (await db.ScopedTokens.CountAsync(cancellationToken) >= MostTokens)
            {
                faults.Add(new Fault("", $"at most {MostTokens} tokens are allowed"));
            }

            if (faults.Count > 0)
            {
                return new Result.Refused(faults);
            }

            var now = clock.GetUtcNow();
            var value = NewValue();
            var token = new ScopedToken { Id = Guid.CreateVersion7(now), Name = "", UserId = caller.UserId, KeyHash = FindCaller.HashOf(value), Grants = [], CreatedAt = now };
            Apply(token, draft, now);
            db.ScopedTokens.Add(token);
            return new Result.Done(new IssuedToken(token, value));
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(ApiCaller caller, Guid id, ScopedTokenDraft draft, CancellationToken cancellationToken) => TakeAsync(
        caller,
        id,
        token =>
        {
            if (Faults(caller, draft) is { Count: > 0 } faults)
            {
                return new Result.Refused(faults);
            }

            Apply(token, draft, clock.GetUtcNow());
            return new Result.Done(new IssuedToken(token, null));
        },
        cancellationToken);

    /// <summary>A new value; the old one is worthless at once.</summary>
    public Task<Result> RollAsync(ApiCaller caller, Guid id, CancellationToken cancellationToken) => TakeAsync(
        caller,
        id,
        token =>
        {
            var value = NewValue();
            token.KeyHash = FindCaller.HashOf(value);
            token.UpdatedAt = clock.GetUtcNow();
            return new Result.Done(new IssuedToken(token, value));
        },
        cancellationToken);

    public Task<Result> DeleteAsync(ApiCaller caller, Guid id, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        id,
        token =>
        {
            db.ScopedTokens.Remove(token);
            return new Result.Done(new IssuedToken(token, null));
        },
        cancellationToken);

    // Whose token it is, is who acts by it: one that makes others may end what is somebody else's, and never have it.
    private Task<Result> TakeAsync(ApiCaller caller, Guid id, Func<ScopedToken, Result> change, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        id,
        token => caller.Scope is not null && token.UserId != caller.UserId ? new Result.Refused([new Fault("", "the token is somebody else's")]) : change(token),
        cancellationToken);

    private Task<Result> ChangeAsync(ApiCaller caller, Guid id, Func<ScopedToken, Result> change, CancellationToken cancellationToken) => writer.RunAsync<IssuedToken>(
        None,
        async () => await db.ScopedTokens.SingleOrDefaultAsync(t => t.Id == id, cancellationToken) is not { } token ? new Result.Missing()
            : Exceeds(caller, token.Grants) ? new Result.Refused([new Fault("", "the token may do more than the one that asks")])
            : Outlives(caller, token.ExpiresAt) || IsGoodFromElsewhere(caller, token.AllowedAddresses, token.RefusedAddresses)
            ? new Result.Refused([new Fault("", "the token is good for longer, or from elsewhere, than the one that asks")])
            : change(token),
        cancellationToken);

    private static void Apply(ScopedToken token, ScopedTokenDraft draft, DateTimeOffset now)
    {
        token.Name = draft.Name;
        token.Grants = draft.Grants;
        token.AllowedAddresses = draft.AllowedAddresses;
        token.RefusedAddresses = draft.RefusedAddresses;
        token.IsDisabled = draft.IsDisabled;
        token.NotBefore = draft.NotBefore;
        token.ExpiresAt = draft.ExpiresAt;
        token.UpdatedAt = now;
    }

    private static List<Fault> Faults(ApiCaller caller, ScopedTokenDraft draft) =>
    [
        .. draft.Grants.Count == 0 ? [new Fault("policies", "at least one policy is required")] : Array.Empty<Fault>(),
        .. draft.ExpiresAt <= draft.NotBefore ? [new Fault("expires_on", "expires_on must be after not_before")] : Array.Empty<Fault>(),
        .. Outlives(caller, draft.ExpiresAt)
            ? [new Fault("expires_on", $"a token can't outlive the one that makes it, which ends at {caller.TokenExpiresAt:O}")]
            : Array.Empty<Fault>(),
        .. IsGoodFromElsewhere(caller, draft.AllowedAddresses, draft.RefusedAddresses)
            ? [new Fault("condition", "a token can't be good from where the one that makes it is not: name the same addresses, or fewer")]
            : Array.Empty<Fault>(),
        .. Exceeds(caller, draft.Grants) ? [new Fault("policies", "a token can't give more than it has itself")] : Array.Empty<Fault>(),
    ];

    // A token that makes itself anew is as good as itself, so it passes all three.
    private static bool Outlives(ApiCaller caller, DateTimeOffset? expiresAt) => caller.Scope is not null && caller.TokenExpiresAt is { } end && !(expiresAt <= end);

    private static bool IsGoodFromElsewhere(ApiCaller caller, List<string> allowed, List<string> refused) =>
        caller.Scope is not null && (!IsWithin(allowed, caller.AllowedAddresses) || caller.RefusedAddresses.Except(refused, StringComparer.Ordinal).Any());

    // Ranges are compared as they are written: what is not the maker's own is refused.
    private static bool IsWithin(List<string> asked, IReadOnlyList<string> own) => own.Count == 0 || (asked.Count > 0 && !asked.Except(own, StringComparer.Ordinal).Any());

    private static bool Exceeds(ApiCaller caller, IReadOnlyList<TokenGrant> grants) => caller.Scope is { } scope && !FindScopedCaller.ScopeOf(grants).IsSubsetOf(scope);

    private static string NewValue() => RandomNumberGenerator.GetString(Alphanumeric, ValueLength);
}
