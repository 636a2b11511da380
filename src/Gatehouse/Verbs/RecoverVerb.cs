using System.CommandLine;
using Gatehouse.Logging;
using Gatehouse.Model.Users;
using Gatehouse.Roles;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse recover [USER]</c>: a one-use link for an administrator who is locked out. Whoever can read the data folder is trusted with it.</summary>
internal static class RecoverVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var user = new Argument<string?>("user")
        {
            HelpName = "USER",
            Description = $"Whom the link signs in. Default: {WellKnownUsers.Admin}",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var (data, database, json) = (Flags.Data(), Flags.Database(), Flags.Json());
        var command = new Command("recover", "Print a one-use link that signs an administrator in.") { user, data, database, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var faults = new List<string>();
            var asJson = Flags.Read(parsed, json, shell, faults);
            var name = parsed.GetValue(user) ?? WellKnownUsers.Admin;
            return StoreVerb.RunAsync(parsed, data, database, shell, "recover", faults, services => RecoverAsync(services, name, asJson, shell, cancellationToken));
        });
        return command;
    }

    private static async Task<int> RecoverAsync(IServiceProvider services, string name, bool json, Shell shell, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContextAsync(cancellationToken);
        if (await InstalledUrls.FindAsync(db, cancellationToken) is not { } urls)
        {
            return shell.Fail("this data has never been started; run 'gatehouse up' first");
        }

        if (await Composition.RecoveryLinkAsync(services, urls, name, cancellationToken) is not { } link)
        {
            return shell.Fail($"there is no active user '{LogText.Escape(name)}'; name one, as in 'gatehouse recover ada'");
        }

        await shell.Output.WriteLineAsync(json ? $$"""{"url":"{{link}}"}""" : $"Open this link within 30 minutes. It works once.\n  {link}");
        return ExitCode.Done;
    }
}
