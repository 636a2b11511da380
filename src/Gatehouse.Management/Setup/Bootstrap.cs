using System.Diagnostics;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.User>;

namespace Gatehouse.Management.Setup;

/// <summary>How a bootstrap ended.</summary>
public abstract record BootstrapResult
{
    private BootstrapResult()
    {
    }

    /// <summary>The first administrator is as asked for, or was set up before.</summary>
    /// <param name="IsSetUp">Nobody has to open the set-up link.</param>
    public sealed record Done(bool IsSetUp) : BootstrapResult;

    /// <summary>It can't be done. <paramref name="Reason"/> is for the operator and holds no secret.</summary>
    public sealed record Refused(string Reason) : BootstrapResult;
}

/// <summary>Sets up the first administrator as scripts ask for by environment variables.</summary>
public sealed class Bootstrap(IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <summary>The token that scripts bring.</summary>
    public const string TokenIdentifier = "authentik-bootstrap-token";

    /// <summary>
    /// Gives <c>akadmin</c> what is not null. Address and password count on the very first start only; the token is brought up to date on
    /// every start and does not expire.
    /// </summary>
    public async Task<BootstrapResult> EnsureBootstrapAsync(string? email, string? password, string? token, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GatehouseDb>();
        var isSetUp = await db.Settings.AnyAsync(s => s.Name == SettingNames.SetupDone, cancellationToken);
        if ((isSetUp || (email is null && password is null)) && token is null)
        {
            return new BootstrapResult.Done(isSetUp);
        }

        // Scripts written for authentik bring short passwords, so the rule of the set-up page is not applied; an empty one would be none.
        if (!isSetUp && password is { Length: 0 or > SetPassword.Longest })
        {
            return new BootstrapResult.Refused($"the bootstrap password is not usable; expected 1 to {SetPassword.Longest} characters");
        }

        var wanted = new Wanted(
            isSetUp || email is null ? null : EmailAddress.Canonical(email) ?? "",
            isSetUp || password is null ? null : PasswordHash.Make(password), // slow on purpose: before the turn is taken
            token is null ? null : FindCaller.HashOf(token));
        if (wanted.Email is { Length: 0 })
        {
            return new BootstrapResult.Refused($"the bootstrap e-mail '{email}' is no plain address; expected one such as admin@example.com");
        }

        if (token is not null && (token.Length is 0 or > 4096 || token.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            return new BootstrapResult.Refused("the bootstrap token is not usable as a bearer token; expected printable ASCII without spaces");
        }

        var result = await scope.ServiceProvider.GetRequiredService<Writer>()
            .RunAsync(Topic.Identity, () => PrepareAsync(scope.ServiceProvider, wanted, cancellationToken), cancellationToken);
        return result switch
        {
            Result.Done => new BootstrapResult.Done(isSetUp || password is not null || token is not null),
            Result.Missing => new BootstrapResult.Refused($"there is no user {WellKnownUsers.Admin} any more; use 'gatehouse recover' with another administrator"),
            Result.Taken taken => new BootstrapResult.Refused(taken.Fault.Text),
            Result.Stale => new BootstrapResult.Refused("the database is being changed by somebody else; start again"),
            _ => throw new UnreachableException(),
        };
    }

    private async Task<Result> PrepareAsync(IServiceProvider services, Wanted wanted, CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<GatehouseDb>();
        if (await db.Users.SingleOrDefaultAsync(u => u.UsernameKey == WellKnownUsers.Admin, cancellationToken) is not { } user)
        {
            return new Result.Missing();
        }

        if (!await db.Settings.AnyAsync(s => s.Name == SettingNames.SetupDone, cancellationToken))
        {
            user.Email = wanted.Email ?? user.Email;
            user.IsEmailUnproven = wanted.Email is null && user.IsEmailUnproven;
            if (wanted.PasswordHash is not null)
            {
                user.PasswordHash = wanted.PasswordHash;
                user.PasswordChangedAt = user.UpdatedAt = clock.GetUtcNow();
                await services.GetRequiredService<EndUserSessions>().PrepareAsync(user.Id, cancellationToken);
            }

            if (wanted.PasswordHash is not null || wanted.KeyHash is not null)
            {
                db.Settings.Add(new Setting { Name = SettingNames.SetupDone, Value = "true" });
            }
        }

        return wanted.KeyHash is null
            ? new Result.Done(user)
            : await services.GetRequiredService<IssueApiToken>().PrepareAsync(TokenIdentifier, user.Id, wanted.KeyHash, cancellationToken) is { } fault
            ? new Result.Taken(fault)
            : new Result.Done(user);
    }

    private sealed record Wanted(string? Email, string? PasswordHash, string? KeyHash)
    {
        public override string ToString() => "***";
    }
}
