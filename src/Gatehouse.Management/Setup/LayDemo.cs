using Gatehouse.Management.Apps;
using Gatehouse.Management.Groups;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.Setup;

/// <summary>How laying the demo ended.</summary>
public abstract record DemoResult
{
    private DemoResult()
    {
    }

    /// <summary>It stands.</summary>
    /// <param name="Aud">The AUD tag of the app.</param>
    /// <param name="IsNewUser">The user was made just now, with the password given; otherwise the password is what it was.</param>
    /// <param name="Tunnel">What the connector before the origin brings.</param>
    public sealed record Done(string Aud, bool IsNewUser, TunnelCredentials Tunnel) : DemoResult;

    /// <summary>It can't be laid. <paramref name="Reason"/> is for the operator.</summary>
    public sealed record Refused(string Reason) : DemoResult;
}

/// <summary>Lays the demo: an origin behind an app, and somebody who may open it. What is there already stays as it is.</summary>
public sealed class LayDemo(IServiceScopeFactory scopes, LayTunnel tunnels, PublicUrls urls)
{
    /// <summary>The user.</summary>
    public const string UserName = "ada";

    /// <summary>The tunnel that leads to the demo's app.</summary>
    public const string TunnelName = "demo";

    private const string GroupName = "demo";
    private const string LoginMethodName = "Authentik";

    /// <summary>The host the demo's app is on.</summary>
    public string Host => "whoami." + urls.Domain;

    /// <summary>Makes what is missing, and leads the hostname to <paramref name="origin"/>.</summary>
    public async Task<DemoResult> EnsureAsync(Uri origin, string password, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var db = services.GetRequiredService<GatehouseDb>();

        // A start that was cut short may have left the user without a password.
        var isNew = !await db.Users.AnyAsync(u => u.UsernameKey == UserName && u.PasswordHash != null, cancellationToken);
        var fault = await LayGroupAsync(services, cancellationToken)
            ?? (isNew ? await LayUserAsync(services, password, cancellationToken) : null)
            ?? await LayAppAsync(services, cancellationToken);
        return fault is not null ? new DemoResult.Refused(fault)
            : await tunnels.EnsureAsync(TunnelName, Host, origin, cancellationToken) is not LayTunnelResult.Done tunnel ? new DemoResult.Refused("its tunnel can't be made")
            : await FindAppAsync(db, cancellationToken) is { } app ? new DemoResult.Done(app.Aud, isNew, tunnel.Credentials)
            : new DemoResult.Refused("the app was removed meanwhile");
    }

    private static async Task<string?> LayGroupAsync(IServiceProvider services, CancellationToken cancellationToken) =>
        await services.GetRequiredService<GatehouseDb>().Groups.AnyAsync(g => g.Name == GroupName, cancellationToken)
            ? null
            : FaultOf(await services.GetRequiredService<SaveGroup>().CreateAsync(new GroupFields { Name = GroupName }, cancellationToken));

    private static async Task<string?> LayUserAsync(IServiceProvider services, string password, CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<GatehouseDb>();
        if (!await db.Users.AnyAsync(u => u.UsernameKey == UserName, cancellationToken))
        {
            var groups = await db.Groups.Where(g => g.Name == GroupName).Select(g => g.Id).ToListAsync(cancellationToken);
            var ada = new UserFields { Username = UserName, Name = "Ada Lovelace", Email = "ada@example.com", Groups = groups };
            if (FaultOf(await services.GetRequiredService<SaveUser>().CreateAsync(ada, cancellationToken)) is { } fault)
            {
                return fault;
            }
        }

        var id = await db.Users.Where(u => u.UsernameKey == UserName).Select(u => u.Id).SingleAsync(cancellationToken);
        return FaultOf(await services.GetRequiredService<SetPassword>().RunAsync(id, password, null, cancellationToken));
    }

    private async Task<string?> LayAppAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<GatehouseDb>();
        if (await FindAppAsync(db, cancellationToken) is not null)
        {
            return null;
        }

        var methods = db.LoginMethods.Where(m => m.Name == LoginMethodName).OrderBy(m => m.CreatedAt);
        if (await methods.AsNoTracking().FirstOrDefaultAsync(cancellationToken) is not { Id: var method })
        {
            return $"there is no login method named {LoginMethodName}";
        }

        var rules = new RuleSet([new Rule.EmailDomain("example.com"), new Rule.OidcClaim("groups", GroupName, method)], [], []);
        var draft = new AppDraft
        {
            Name = "whoami",
            Domains = [Host],
            AllowedLoginMethods = [method],
            AutoRedirectToIdentity = true,
            Policies = new List<PolicyLink> { new PolicyLink.Inline(new PolicyDraft("Demo", PolicyAction.Allow, rules, null), 1) },
        };
        return FaultOf(await services.GetRequiredService<SaveApp>().CreateAsync(draft, null, cancellationToken));
    }

    private async Task<App?> FindAppAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        (await db.Apps.AsNoTracking().ToListAsync(cancellationToken)).Find(a => a.Domains.Contains(Host));

    private static string? FaultOf<T>(WriteResult<T> result) => result switch
    {
        WriteResult<T>.Done => null,
        WriteResult<T>.Refused refused => string.Join("; ", refused.Faults.Select(f => f.Text)),
        WriteResult<T>.Taken taken => taken.Fault.Text,
        _ => "the database is being changed by somebody else",
    };
}
