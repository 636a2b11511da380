using System.Runtime.Versioning;
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
    [UnsupportedOSPlatform("windows")]
    public void Nobody_else_can_open_the_lock_not_even_an_old_one()
    {
        var file = Path.Combine(folder.FullName, "gatehouse.lock");
        Opened().Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        Opened().Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Theory]
    [InlineData(0b111_000_000, 0b111_000_000, false)]
    [InlineData(0b111_101_101, 0b111_101_101, false)]
    [InlineData(0b111_111_000, 0b111_101_000, true)]
    [InlineData(0b111_111_111, 0b111_101_101, true)]
    [UnsupportedOSPlatform("windows")]
    public void A_folder_that_others_may_write_to_is_closed_to_them_and_that_is_told(int before, int after, bool wasOpen)
    {
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)before);
        using var opened = Opened();
        Assert.Equal(wasOpen, opened.WasOpenToOthers);
        Assert.Equal((UnixFileMode)after, File.GetUnixFileMode(folder.FullName));
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
