using System.CommandLine;
using Gatehouse.Logging;
using Gatehouse.Model.Hosts;
using Gatehouse.Roles;
using Gatehouse.Store.Start;

namespace Gatehouse.Verbs;

/// <summary>A verb that opens the data of an installation, running or not, from the machine itself.</summary>
internal static class StoreVerb
{
    /// <summary>Opens the data that the flags name, runs <paramref name="run"/> on it and closes it.</summary>
    public static async Task<int> RunAsync(
        ParseResult parsed, Option<string?> data, Option<string?> database, Shell shell, string verb, List<string> faults, Func<IServiceProvider, Task<int>> run)
    {
        var url = Flags.DatabaseOf(Flags.Read(parsed, database, shell), faults);
        if (faults.Count > 0)
        {
            return shell.Misused(faults, verb);
        }

        var folder = Path.GetFullPath(Flags.Read(parsed, data, shell) ?? Flags.DefaultData);
        if (!Directory.Exists(folder))
        {
            return shell.Fail($"there is no data in {folder}; name the folder of your installation with --data");
        }

        try
        {
            var services = new ServiceCollection();
            services.AddSingleton(shell.Clock);
            services.AddSingleton(new PublicUrls("localhost", 443)); // starting the store would write them; looking at it does not
            services.AddLogging(logging => new LogSettings(LogLevel.Warning, Json: false).Apply(logging, shell));
            Composition.AddStore(services, folder, url);
            await using var provider = services.BuildServiceProvider();
            await provider.GetRequiredService<StoreStart>().CheckAsync(CancellationToken.None);
            return await run(provider);
        }
        catch (Exception fault) when (OperatorFault.Is(fault))
        {
            return shell.Fail($"can't read the data in {folder}: {LogText.Escape(fault.Message)}");
        }
    }
}
