using System.CommandLine;
using System.Reflection;

namespace Gatehouse.Verbs;

/// <summary><c>gatehouse version</c>.</summary>
internal static class VersionVerb
{
    /// <summary>The version of this binary, without build metadata.</summary>
    public static string Current { get; } =
        (typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown").Split('+')[0];

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(_ =>
        {
            shell.Output.WriteLine("gatehouse " + Current);
            return ExitCode.Done;
        });
        return command;
    }
}
