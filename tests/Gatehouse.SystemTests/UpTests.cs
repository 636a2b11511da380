using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Gatehouse.SystemTests;

/// <summary>The life of <c>up</c>.</summary>
public class UpTests
{
    [Fact]
    public async Task It_prints_exactly_one_line_of_json_and_logs_elsewhere()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();
        using var client = gatehouse.Client();
        using var answer = await client.GetAsync(new Uri(gatehouse.Url("dash")), TestContext.Current.CancellationToken);
        await gatehouse.TerminateAsync();

        Assert.Single(gatehouse.Output);
        Assert.True(gatehouse.Ready.GetProperty("ready").GetBoolean());
        Assert.Equal(gatehouse.Url("auth"), gatehouse.Ready.GetProperty("urls").GetProperty("identity").GetString());
        Assert.Equal(gatehouse.Url("access"), gatehouse.Ready.GetProperty("urls").GetProperty("access").GetString());
        Assert.Equal(gatehouse.Url("api"), gatehouse.Ready.GetProperty("urls").GetProperty("api").GetString());
        Assert.Equal(gatehouse.Url("dash"), gatehouse.Ready.GetProperty("urls").GetProperty("dash").GetString());
        Assert.Equal(Path.Combine(gatehouse.Data, "ca.pem"), gatehouse.Ready.GetProperty("ca").GetString());
        Assert.False(gatehouse.Ready.TryGetProperty("demo", out _));
    }

    [Fact]
    public async Task A_second_one_on_the_same_data_says_so_with_the_pid_and_exits_0()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();

        var plain = await Command.RunAsync("up", "--data", gatehouse.Data);
        var json = await Command.RunAsync("up", "--data", gatehouse.Data, "--json");

        Assert.Equal(0, plain.ExitCode);
        Assert.Contains($"pid {gatehouse.Pid}", plain.Output, StringComparison.Ordinal);
        Assert.Equal(0, json.ExitCode);
        using var parsed = JsonDocument.Parse(json.Output);
        Assert.True(parsed.RootElement.GetProperty("already_running").GetBoolean());
        Assert.Equal(gatehouse.Pid, parsed.RootElement.GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task A_taken_port_is_named_with_its_holder_and_exits_1()
    {
        var data = Path.Combine(Path.GetTempPath(), "gatehouse-taken-" + Guid.CreateVersion7());
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var result = await Command.RunAsync("up", "--data", data, "--listen", $"127.0.0.1:{port}");
        Directory.Delete(data, recursive: true);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), result.Error, StringComparison.Ordinal);
        Assert.Contains($"pid {Environment.ProcessId}", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_stops_it_with_exit_0(string signal)
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();

        await Command.SignalAsync(signal, gatehouse.Pid);

        Assert.Equal(0, await gatehouse.ExitCodeAsync());
    }

    [Fact]
    public async Task After_kill_9_it_starts_again_on_the_same_data_under_the_same_ca()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();
        using var before = gatehouse.Authority();
        await gatehouse.KillAsync();

        await gatehouse.StartAgainAsync();

        using var after = gatehouse.Authority();
        Assert.Equal(before.Thumbprint, after.Thumbprint);
        using var client = gatehouse.Client();
        using var answer = await client.GetAsync(new Uri(gatehouse.Url("dash")), TestContext.Current.CancellationToken);
        Assert.Contains("not part of this version", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_data_folder_is_for_its_owner_only()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();

        Assert.False(OperatingSystem.IsWindows());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(gatehouse.Data).UnixFileMode);
    }

    [Fact]
    public async Task It_leaves_nothing_outside_its_data_folder()
    {
        var home = Directory.CreateTempSubdirectory("gatehouse-home-");
        await using (var gatehouse = await GatehouseProcess.StartAsync(new Dictionary<string, string> { ["HOME"] = home.FullName }, "--demo"))
        {
            using var client = gatehouse.Client();
            using var answer = await client.GetAsync(new Uri(gatehouse.Url("dash")), TestContext.Current.CancellationToken);
        }

        Assert.Empty(home.EnumerateFileSystemInfos("*", SearchOption.AllDirectories));
        home.Delete(recursive: true);
    }
}
