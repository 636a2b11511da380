using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

/// <summary>One process per data folder.</summary>
public sealed class DataFolderTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-folder-");

    [Fact]
    public void The_second_sees_the_pid_of_the_first()
    {
        using var first = Opened();

        var second = Assert.IsType<DataFolder.OpenResult.AlreadyRuns>(DataFolder.Open(folder.FullName));

        Assert.Equal(Environment.ProcessId, second.Pid);
    }

    [Fact]
    public void A_lock_file_left_behind_is_no_obstacle()
    {
        File.WriteAllText(Path.Combine(folder.FullName, "gatehouse.lock"), "");
        File.WriteAllText(Path.Combine(folder.FullName, "gatehouse.pid"), "1\n");

        using var opened = Opened();

        Assert.Equal(folder.FullName, opened.Path);
    }

    [Fact]
    public void It_can_be_opened_again_once_closed()
    {
        Opened().Dispose();

        using var again = Opened();

        Assert.NotNull(again);
    }

    [Fact]
    public void A_lock_that_cannot_be_opened_is_not_taken_for_another_process()
    {
        Directory.CreateDirectory(Path.Combine(folder.FullName, "gatehouse.lock"));

        Assert.NotNull(Record.Exception(() => DataFolder.Open(folder.FullName)));
    }

    /// <inheritdoc/>
    public void Dispose() => folder.Delete(recursive: true);

    private DataFolder Opened() => Assert.IsType<DataFolder.OpenResult.Opened>(DataFolder.Open(folder.FullName)).Folder;
}
