namespace Gatehouse.SystemTests;

/// <summary>Words, usage and exit codes.</summary>
public class CommandLineTests
{
    [Theory]
    [InlineData("up", "--wrong")]
    [InlineData("up", "--listen")]
    [InlineData("up", "surplus")]
    [InlineData("explain")]
    [InlineData("recover", "one", "two")]
    public async Task A_wrong_flag_prints_the_usage_of_its_verb_and_exits_2(params string[] words)
    {
        var result = await Command.RunAsync(words);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"gatehouse {words[0]}", result.Error, StringComparison.Ordinal);
        Assert.Contains("Usage:", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData]
    public async Task An_unknown_verb_prints_all_verbs_and_exits_2(params string[] words)
    {
        var result = await Command.RunAsync(words);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("explain", result.Error, StringComparison.Ordinal);
        Assert.Contains("connect", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen", "8443", "--listen")]
    [InlineData("--listen", "127.0.0.1:0", "--listen")]
    [InlineData("--listen", "127.0.0.1:65536", "--listen")]
    [InlineData("--domain", "not a name", "--domain")]
    [InlineData("--domain", "10.0.0.1", "--domain")]
    [InlineData("--database", "mysql://secret@host", "--database")]
    [InlineData("--tls-cert", "only.pem", "--tls-key")]
    public async Task A_value_that_can_not_be_read_is_named_and_exits_2(string flag, string value, string named)
    {
        var result = await Command.RunAsync("up", flag, value);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("up", "--help")]
    [InlineData("explain", "-h")]
    [InlineData("version")]
    public async Task What_was_asked_for_goes_to_standard_output_and_exits_0(params string[] words)
    {
        var result = await Command.RunAsync(words);

        Assert.Equal(0, result.ExitCode);
        Assert.NotEmpty(result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task A_variable_stands_for_its_flag_and_a_bad_one_is_named()
    {
        var result = await Command.RunAsync(new Dictionary<string, string> { ["GATEHOUSE_LISTEN"] = "nowhere", ["GATEHOUSE_DEMO"] = "maybe" }, "up");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("'nowhere'", result.Error, StringComparison.Ordinal);
        Assert.Contains("GATEHOUSE_DEMO", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("explain", "0123456789abcdef")]
    [InlineData("recover")]
    public async Task A_verb_on_data_that_is_not_there_says_where_it_looked_and_exits_1(params string[] words)
    {
        var missing = Path.Combine(Path.GetTempPath(), "gatehouse-no-such-data");

        var result = await Command.RunAsync([.. words, "--data", missing]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(missing, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(missing));
    }
}
