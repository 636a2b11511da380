using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>/stages/prompt/prompts/preview/: a field as a flow would ask it of whoever calls, without keeping it.</summary>
public class PromptPreviewTests
{
    private const string Path = "/stages/prompt/prompts/";

    [Fact]
    public async Task A_field_is_shown_as_a_flow_asks_it_and_is_not_kept()
    {
        await using var host = await ApiHost.StartAsync();

        var shown = (await host.AuthentikAsync("POST", Path + "preview/", Field("email", new JsonObject
        {
            ["placeholder"] = "where mail reaches you",
            ["initial_value"] = "return user.email",
            ["initial_value_expression"] = true,
            ["order"] = 7,
            ["sub_text"] = "below",
        }))).Expect(200);

        Assert.Equal("ak-stage-prompt", shown.Text("component"));
        Assert.Equal(
            """{"field_key":"key","label":"Label","type":"email","required":true,"placeholder":"where mail reaches you","initial_value":"akadmin@example.com","order":7,"sub_text":"below","choices":null}""",
            shown.Text("fields.0"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", Path)).Text("pagination.count"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/events/")).Text("pagination.count"));
    }

    [Theory]
    [InlineData("dropdown", """return ["red", {"value": "b", "label": "Blue"}]""", true, """[{"value":"red","label":"red"},{"value":"b","label":"Blue"}]""")]
    [InlineData("radio-button-group", "only", false, """[{"value":"only","label":"only"}]""")]
    public async Task Choices_are_shown_as_such(string type, string placeholder, bool isExpression, string choices)
    {
        await using var host = await ApiHost.StartAsync();

        var shown = (await host.AuthentikAsync("POST", Path + "preview/", Field(type, new JsonObject { ["placeholder"] = placeholder, ["placeholder_expression"] = isExpression }))).Expect(200);

        Assert.Equal((choices, ""), (shown.Text("fields.0.choices"), shown.Text("fields.0.placeholder")));
    }

    [Theory]
    [InlineData("password", "true", "")]
    [InlineData("static", "false", "x")]
    public async Task A_password_shows_nothing_and_what_only_shows_something_is_never_required(string type, string isRequired, string initial)
    {
        await using var host = await ApiHost.StartAsync();

        var shown = (await host.AuthentikAsync("POST", Path + "preview/", Field(type, new JsonObject { ["initial_value"] = "x" }))).Expect(200);

        Assert.Equal((isRequired, initial), (shown.Text("fields.0.required"), shown.Text("fields.0.initial_value")));
    }

    [Theory]
    [InlineData("nonsense", "x", "type")]
    [InlineData("text", "return open('/etc/passwd')", "placeholder")]
    public async Task What_could_not_be_saved_is_refused_alike(string type, string placeholder, string field)
    {
        await using var host = await ApiHost.StartAsync();
        var body = Field(type, new JsonObject { ["placeholder"] = placeholder, ["placeholder_expression"] = true });

        var preview = (await host.AuthentikAsync("POST", Path + "preview/", body.DeepClone())).Expect(400);
        var save = (await host.AuthentikAsync("POST", Path, body)).Expect(400);

        Assert.Equal(save.Body![field]!.ToJsonString(), preview.Body![field]!.ToJsonString());
        Assert.NotNull((await host.AuthentikAsync("POST", Path + "preview/", new JsonObject())).Expect(400).Body!["label"]);
    }

    private static JsonObject Field(string type, JsonObject more)
    {
        var field = new JsonObject { ["name"] = "name", ["field_key"] = "key", ["label"] = "Label", ["type"] = type };
        foreach (var (name, value) in more)
        {
            field[name] = value?.DeepClone();
        }

        return field;
    }
}
