using System.Diagnostics;
using System.Runtime.Versioning;
using Gatehouse.Verbs;

namespace Gatehouse.Tests.Host;

/// <summary>The CA of the current folder counts only when nobody else could have put it there.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LocalCaTests : IDisposable
{
    private const UnixFileMode OwnFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public LocalCaTests()
    {
        File.WriteAllText(Ca, "");
        File.SetUnixFileMode(Ca, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private string Ca => Path.Combine(folder, "ca.pem");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Ones_own_is_trusted_and_a_named_one_always() => Assert.Equal((Ca, "/elsewhere.pem"), (Find(), LocalCa.FileOf("/elsewhere.pem", folder, TextWriter.Null)));

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void One_that_others_can_write_is_not(UnixFileMode more)
    {
        File.SetUnixFileMode(Ca, File.GetUnixFileMode(Ca) | more);
        Assert.Null(Find());
    }

    [Fact]
    public void One_in_a_folder_that_others_can_write_is_not()
    {
        File.SetUnixFileMode(folder, OwnFolder | UnixFileMode.OtherWrite);
        Assert.Null(Find());
        File.SetUnixFileMode(folder, OwnFolder);
        Assert.Equal(Ca, Find());
    }

    [Fact]
    public async Task One_of_somebody_else_is_not()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can give a file away");
        using var given = Process.Start("chown", ["65534", Ca]);
        await given.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = new StringWriter();
        Assert.Null(LocalCa.FileOf(null, folder, said));
        Assert.Contains("belongs to somebody else", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void None_is_none()
    {
        File.Delete(Ca);
        Assert.Null(Find());
    }

    private string? Find() => LocalCa.FileOf(null, folder, TextWriter.Null);
}
