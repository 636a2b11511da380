using System.Text;
using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

public sealed class LeanRuntimeTests
{
    [Theory]
    [InlineData("connect --edge a", null, true)]
    [InlineData("connect", "400000", false)] // somebody chose, or it was begun anew already
    [InlineData("up connect", null, false)]
    [InlineData("", null, false)]
    public void Only_connectors_are_begun_anew_and_only_once(string words, string? chosen, bool isFor) =>
        Assert.Equal(isFor, LeanRuntime.IsFor(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), name => name == "DOTNET_GCgen0size" ? chosen : null));

    [Fact]
    public void What_somebody_chose_stays_so()
    {
        Assert.Equal(["DOTNET_GCgen0size=200000", "DOTNET_TieredPGO=0"], LeanRuntime.Added(_ => null));
        Assert.Equal(["DOTNET_GCgen0size=200000"], LeanRuntime.Added(name => name == "DOTNET_TieredPGO" ? "1" : null));
    }

    [Fact]
    public void Words_and_variables_pass_as_the_bytes_they_are()
    {
        Assert.Equal(["connect", "", "--ca", "\u00ff"], LeanRuntime.Texts([.. "connect\0\0--ca\0"u8, 0xff, 0]).Select(Encoding.Latin1.GetString));
        Assert.Equal(["A=1", "B"], LeanRuntime.Texts([.. "A=1\0B"u8]).Select(Encoding.Latin1.GetString));
        Assert.Empty(LeanRuntime.Texts([]));
    }
}
