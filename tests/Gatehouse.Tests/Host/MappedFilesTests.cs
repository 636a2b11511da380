using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

public sealed class MappedFilesTests
{
    private const string Smaps = """
        7f0000000000-7f0000002000 r-xp 00001000 fe:00 1234                       /opt/gate house/a.dll
        Size:                  8 kB
        Rss:                   8 kB
        Private_Dirty:         0 kB
        Anonymous:             0 kB
        VmFlags: rd ex mr mw me
        7f0000002000-7f0000003000 r--p 00003000 fe:00 1234                       /opt/gate house/a.dll
        Anonymous:             4 kB
        7f0000003000-7f0000003800 rw-p 00004000 fe:00 1234                       /opt/gate house/a.dll
        Anonymous:             0 kB
        7f0000003800-7f0000004000 rw-p 00004000 fe:00 1234                       /opt/gate house/a.dll
        Anonymous:             4 kB
        7f0000004000-7f0000005000 r-xs 00000000 00:01 77                         /memfd:doublemapper (deleted)
        Anonymous:             0 kB
        7f0000005000-7f0000006000 r--p 00000000 00:00 0                          [vvar]
        Anonymous:             0 kB
        7f0000006000-7f0000007000 r--p 00000000 00:00 0
        Anonymous:             0 kB
        7f0000007000-7f0000008000 r--p 00000000 fe:00 1235                       /opt/b.dll
        Anonymous:             0 kB
        """;

    [Fact]
    public void Private_parts_of_files_are_let_go_and_what_was_written_only_where_the_system_keeps_it() => Assert.Equal(
        [
            new Mapping(unchecked((nuint)0x7f0000000000), 0x2000, "/opt/gate house/a.dll", IsWritable: false),
            new Mapping(unchecked((nuint)0x7f0000003000), 0x800, "/opt/gate house/a.dll", IsWritable: true),
            new Mapping(unchecked((nuint)0x7f0000003800), 0x800, "/opt/gate house/a.dll", IsWritable: true),
            new Mapping(unchecked((nuint)0x7f0000007000), 0x1000, "/opt/b.dll", IsWritable: false),
        ],
        MappedFiles.Returnable(Smaps.Split('\n')));

    [Fact]
    public void What_is_let_go_comes_back_as_it_was()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells what is mapped");
        var files = new MappedFiles();

        files.Look();
        Assert.False(files.IsNew);
        files.LetGo(1 << 20);
        files.LetGo(0);

        Assert.Equal("{\"a\":[1,2,3]}", System.Text.Json.JsonSerializer.Serialize(new { a = new[] { 1, 2, 3 } }));
    }

    [Fact]
    public void The_pages_of_files_are_read_from_the_status_of_the_process()
    {
        Assert.Equal(74068L * 1024, MappedFiles.ResidentIn(["VmRSS:\t  105152 kB", "RssFile:\t   74068 kB"]));
        Assert.Equal(0, MappedFiles.ResidentIn(["RssFile:\tmuch"]));
        Assert.Equal(0, MappedFiles.ResidentIn([]));
    }
}
