using System.Runtime.InteropServices;

namespace Gatehouse.SystemTests;

/// <summary>What a start costs. Alone on the machine: nothing else runs beside these.</summary>
[CollectionDefinition(nameof(StartUpTests), DisableParallelization = true)]
[Collection(nameof(StartUpTests))]
public class StartUpTests
{
    private const int Rounds = 5;
    private const long Most = 150L * 1024 * 1024;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task Ready_within_a_second_and_at_rest_under_150_MB_with_every_part_on()
    {
        SkipUnlessCompiledAhead();
        await using var gatehouse = await GatehouseProcess.StartAsync();

        var ready = await BestStartAsync(gatehouse);
        Assert.True(ready < TimeSpan.FromSeconds(1), $"ready after {ready}, at best of {Rounds}");

        // What only the start needed goes back when it is quiet, within two looks of five seconds.
        var began = TimeProvider.System.GetTimestamp();
        while (gatehouse.ResidentBytes() >= Most && TimeProvider.System.GetElapsedTime(began) < Rest)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        }

        Assert.True(gatehouse.ResidentBytes() < Most, $"{gatehouse.ResidentBytes() >> 20} MB resident on {RuntimeInformation.RuntimeIdentifier}");
    }

    [Fact]
    public async Task The_demo_with_its_connector_and_app_is_ready_in_at_most_one_and_a_half_times_that()
    {
        SkipUnlessCompiledAhead();
        await using var plain = await GatehouseProcess.StartAsync();
        var without = await BestStartAsync(plain);
        await plain.TerminateAsync();
        await using var demo = await GatehouseProcess.StartAsync("--demo");

        var with = await BestStartAsync(demo);

        Assert.True(with < 1.5 * without, $"ready after {with} with the demo and {without} without, at best of {Rounds}");
    }

    private static async Task<TimeSpan> BestStartAsync(GatehouseProcess gatehouse)
    {
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            await gatehouse.TerminateAsync();
            await gatehouse.StartAgainAsync();
            best = gatehouse.TookToBeReady < best ? gatehouse.TookToBeReady : best;
        }

        return best;
    }

    private static void SkipUnlessCompiledAhead() =>
        Assert.SkipWhen(Environment.GetEnvironmentVariable("GATEHOUSE_BINARY") is null, "the binary beside the tests is not compiled ahead; ./test names the one that is");
}
