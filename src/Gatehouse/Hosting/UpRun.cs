using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Demo;
using Gatehouse.Logging;
using Gatehouse.Model.Hosts;
using Gatehouse.Roles;
using Gatehouse.Tls;
using Gatehouse.Tunnel;
using Gatehouse.Verbs;

namespace Gatehouse.Hosting;

/// <summary>The life of <c>up</c>: folder, port, data, listener, ready, drained.</summary>
internal sealed partial class UpRun(UpOptions options, LogSettings logs, BootstrapVariables bootstrap, Shell shell)
{
    private readonly long began = shell.Clock.GetTimestamp();

    /// <summary>Runs until told to stop; the result is the exit code.</summary>
    public async Task<int> RunAsync()
    {
        try
        {
            switch (DataFolder.Open(options.Data))
            {
                case DataFolder.OpenResult.AlreadyRuns other:
                    SayItRuns(other.Pid);
                    return ExitCode.Done;
                case DataFolder.OpenResult.Opened opened:
                    using (opened.Folder)
                    {
                        return (ListenProbe.Fault(options.Listen) ?? ListenProbe.Fault(options.Edge, "--edge")) is { } fault ? shell.Fail(fault) : await ServeAsync(opened.Folder);
                    }

                default:
                    throw new UnreachableException();
            }
        }
        catch (Exception fault) when (OperatorFault.Is(fault))
        {
            return shell.Fail("can't start: " + LogText.Escape(fault.Message));
        }
    }

    private async Task<int> ServeAsync(DataFolder folder)
    {
        await using var app = Server.Build(options, logs, bootstrap, shell);
        if (folder.WasOpenToOthers)
        {
            LogWasOpen(app.Services.GetRequiredService<ILogger<UpRun>>(), folder.Path);
        }

        var opening = Task.Run(() => Composition.OpenStoreAsync(app.Services, CancellationToken.None));
        Server.UsePipeline(app); // meanwhile
        await opening;
        var authority = await app.Services.GetRequiredService<AuthorityKeeper>().OpenAsync(CancellationToken.None);
        await AuthorityKeeper.WriteCertificateAsync(authority, folder.AuthorityFile, CancellationToken.None);

        var urls = app.Services.GetRequiredService<PublicUrls>();
        var origin = options.Demo ? await WhoamiOrigin.ChoosePortAsync(app.Services, CancellationToken.None) : null;
        var prepared = await Composition.PrepareAsync(app.Services, bootstrap, origin, CancellationToken.None);
        var starting = Task.Run(() => app.StartAsync(CancellationToken.None));
        await using var demo = origin is not null && prepared.DemoAud is { } aud ? await WhoamiOrigin.StartAsync(origin, aud, app.Services, CancellationToken.None) : null;
        await starting;
        if (prepared.DemoTunnel is { } tunnel)
        {
            await app.Services.GetRequiredService<DemoConnector>().ConnectAsync(tunnel, CancellationToken.None);
        }

        SayReady(new ReadyMessage
        {
            Urls = urls,
            Edge = app.Services.EdgeEndPoint(),
            AuthorityFile = options.Tls is null ? folder.AuthorityFile : null,
            SetupLink = prepared.SetupLink,
            Demo = prepared.Demo,
            Took = shell.Clock.GetElapsedTime(began),
        });
        await app.WaitForShutdownAsync(CancellationToken.None);
        return ExitCode.Done;
    }

    private void SayReady(ReadyMessage message)
    {
        shell.Output.WriteLine(options.Json ? message.ToJson() : message.ToText());
        shell.Output.Flush();
    }

    [LoggerMessage(EventId = 1120, Level = LogLevel.Warning, Message = "Others could write to the data folder {Path}; that was taken from them. If they are not trusted, look for what they changed")]
    private static partial void LogWasOpen(ILogger logger, string path);

    private void SayItRuns(int? pid)
    {
        if (options.Json)
        {
            var data = JsonEncodedText.Encode(options.Data, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
            shell.Output.WriteLine($$"""{"already_running":true,"pid":{{pid?.ToString(CultureInfo.InvariantCulture) ?? "null"}},"data":"{{data}}"}""");
            return;
        }

        shell.Output.WriteLine($"Gatehouse already runs on {options.Data}{(pid is null ? "" : $" (pid {pid})")}.");
    }
}
