using Gatehouse.Model.Origins;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Tests.Apps;

public class OriginEntryTests
{
    [Theory]
    [InlineData("http://a", true)]
    [InlineData("https://a", true)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://[::1]:8080", true)]
    [InlineData("http://", false)]
    [InlineData("ftp://a", false)]
    [InlineData("http://a/b", false)]
    [InlineData("http://u@a", false)]
    [InlineData("http://a?b", false)]
    [InlineData("a", false)]
    public void A_service_is_a_web_server_without_a_path(string prefix, bool usable) =>
        Assert.Equal(usable, new OriginEntry { Hostname = new PublicHostname { Id = Guid.CreateVersion7(), Hostname = "app.test", Service = prefix }, Prefix = prefix }.IsUsable);
}
