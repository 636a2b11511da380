using Gatehouse.Hosting;

namespace Gatehouse.Tests.Host;

/// <summary>What scripts set.</summary>
public class BootstrapVariablesTests
{
    [Fact]
    public void Ours_come_before_authentiks_and_empty_means_unset()
    {
        var variables = new Dictionary<string, string>
        {
            ["GATEHOUSE_BOOTSTRAP_EMAIL"] = "ours@example.com",
            ["AUTHENTIK_BOOTSTRAP_EMAIL"] = "theirs@example.com",
            ["GATEHOUSE_BOOTSTRAP_PASSWORD"] = "",
            ["AUTHENTIK_BOOTSTRAP_PASSWORD"] = "their password",
        };

        var read = BootstrapVariables.Read(variables.GetValueOrDefault);

        Assert.Equal("ours@example.com", read.Email);
        Assert.Equal("their password", read.Password);
        Assert.Null(read.Token);
        Assert.Equal("***", read.ToString());
    }
}
