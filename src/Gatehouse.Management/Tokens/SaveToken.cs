using System.Text.RegularExpressions;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Tokens.ApiToken>;

namespace Gatehouse.Management.Tokens;

/// <summary>What a caller says about a token. Absent fields stay as they are.</summary>
internal sealed class TokenFields
{
    public Maybe<string> Identifier { get; init; }

    public Maybe<TokenIntent> Intent { get; init; }

    public Maybe<int> User { get; init; }

    public Maybe<string> Description { get; init; }

    public Maybe<DateTimeOffset?> ExpiresAt { get; init; }

    public Maybe<bool> IsExpiring { get; init; }

    public Maybe<string?> Managed { get; init; }
}

/// <summary>Adds a token, changes or removes one, or gives it another key. People do so with their own; the owner of a token never changes.</summary>
internal sealed partial class SaveToken(
    GatehouseDb db, Writer writer, WriteEvents events, TokenKeys keys, ISnapshot<SystemSettings> settings, TimeProvider clock)
{
    public Task<Result> CreateAsync(ApiCaller caller, TokenFields fields, CancellationToken cancellationToken) => writer.RunAsync<ApiToken>(
        Topic.Identity,
        async () =>
        {
            // Whoever may not give tokens to others gets it themselves, as at authentik.
            var owner = caller.IsSuperuser ? fields.User.Or(caller.UserId) : caller.UserId;
            if (!caller.IsSuperuser && await db.ApiTokens.CountAsync(t => t.UserId == owner, cancellationToken) >= TokenKey.MostOfOne)
            {
                return new Result.Refused([new Fault("non_field_errors", $"You have {TokenKey.MostOfOne} tokens already. Delete some first.")]);
            }

            var key = keys.Make();
            var token = new ApiToken
            {
                Id = Guid.CreateVersion7(clock.GetUtcNow()),
                Identifier = "",
                UserId = owner,
                Intent = fields.Intent.Or(TokenIntent.Api),
                KeyHash = FindCaller.HashOf(key),
                SealedKey = keys.Seal(key),
            };
            db.ApiTokens.Add(token);
            return await ApplyAsync(caller, token, fields, isNew: true, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(ApiCaller caller, string identifier, TokenFields fields, CancellationToken cancellationToken) => ChangeAsync(
        caller, identifier, token => ApplyAsync(caller, token, fields, isNew: false, cancellationToken), cancellationToken);

    public Task<Result> SetKeyAsync(ApiCaller caller, string identifier, string key, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        identifier,
        async token =>
        {
            var hash = FindCaller.HashOf(key);
            if (TokenKeys.Fault(key) is { } fault)
            {
                return new Result.Refused([new Fault("key", fault)]);
            }

            if (await db.ApiTokens.AnyAsync(t => t.KeyHash == hash && t.Id != token.Id, cancellationToken))
            {
                return new Result.Refused([new Fault("key", "This key can't be used.")]);
            }

            keys.Put(token, key);
            events.Note(EventActions.SecretRotate, TokenEvents.About(token));
            return new Result.Done(token);
        },
        cancellationToken);

    public Task<Result> DeleteAsync(ApiCaller caller, string identifier, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        identifier,
        token =>
        {
            db.ApiTokens.Remove(token);
            return Task.FromResult<Result>(new Result.Done(token));
        },
        cancellationToken);

    private Task<Result> ChangeAsync(ApiCaller caller, string identifier, Func<ApiToken, Task<Result>> change, CancellationToken cancellationToken) => writer.RunAsync<ApiToken>(
        Topic.Identity,
        async () => await db.ApiTokens.SingleOrDefaultAsync(t => t.Identifier == identifier && (caller.IsSuperuser || t.UserId == caller.UserId), cancellationToken) is { } token
            ? await change(token)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(ApiCaller caller, ApiToken token, TokenFields fields, bool isNew, CancellationToken cancellationToken)
    {
        var faults = Check(token, fields, isNew).ToList();
        var attributes = await db.Users.Where(u => u.Id == token.UserId).Select(u => u.AttributesJson).SingleOrDefaultAsync(cancellationToken);
        if (attributes is null)
        {
            faults.Add(new Fault("user", $"Invalid pk \"{token.UserId}\" - object does not exist."));
        }

        token.Identifier = fields.Identifier.Or(token.Identifier);
        token.Description = fields.Description.Or(token.Description);
        token.Managed = caller.IsSuperuser ? fields.Managed.Or(token.Managed) : token.Managed;
        if (faults.Count == 0 && LifeFault(caller, token, fields, isNew, attributes ?? "{}") is { } fault)
        {
            faults.Add(fault);
        }

        if (faults.Count > 0)
        {
            return new Result.Refused(faults);
        }

        return await db.ApiTokens.AnyAsync(t => t.Identifier == token.Identifier && t.Id != token.Id, cancellationToken)
            ? new Result.Taken(new Fault("identifier", "Token with this identifier already exists."))
            : new Result.Done(token);
    }

    private static IEnumerable<Fault> Check(ApiToken token, TokenFields fields, bool isNew)
    {
        if (fields.Identifier.Is(out var identifier) && identifier != token.Identifier && !Slug().IsMatch(identifier))
        {
            yield return new Fault("identifier", "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.");
        }

        if (!isNew && fields.User.Is(out var user) && user != token.UserId)
        {
            yield return new Fault("user", "The user of a token can't be changed.");
        }

        if (fields.Intent.Is(out var intent) && (intent is not (TokenIntent.Api or TokenIntent.AppPassword) || (!isNew && intent != token.Intent)))
        {
            yield return new Fault("intent", isNew ? "Expected api or app_password." : "The intent of a token can't be changed.");
        }
    }

    // An API token gets the usual life whatever is asked for, once: a blueprint that names a time is applied every hour, and would renew it for ever.
    // An app password may be given less than the longest.
    private Fault? LifeFault(ApiCaller caller, ApiToken token, TokenFields fields, bool isNew, string attributes)
    {
        var now = clock.GetUtcNow();
        var life = TokenLife.Read(attributes, settings.Current.TokenDuration);
        var isExpiring = caller.IsSuperuser ? fields.IsExpiring.Or(isNew || token.ExpiresAt is not null) : life.MustExpire;
        if (!isExpiring)
        {
            token.ExpiresAt = null;
            return null;
        }

        if (token.Intent == TokenIntent.Api)
        {
            token.ExpiresAt = isNew ? now + life.Usual : token.ExpiresAt ?? (now + life.Usual);
            return null;
        }

        var wanted = fields.ExpiresAt.Or(null) ?? (isNew ? null : token.ExpiresAt);
        if (fields.ExpiresAt.Is(out var asked) && asked > now + life.Longest)
        {
            return new Fault("expires", $"Token expires exceeds maximum lifetime ({JsonTime(now + life.Longest)}).");
        }

        token.ExpiresAt = wanted ?? now + life.Longest;
        return null;
    }

    private static string JsonTime(DateTimeOffset time) => Http.JsonList.Time(time);

    [GeneratedRegex(@"\A[-a-zA-Z0-9_]{1,255}\z")]
    private static partial Regex Slug();
}
