using Gatehouse.Model.Expressions;
using Gatehouse.Model.Users;

namespace Gatehouse.Tests.Model.Expressions;

/// <summary>Reads and runs expressions for tests.</summary>
internal static class Expressions
{
    public static PersonFacts Ada { get; } = MakeAda();

    public static ExpressionFault Refusal(string text, ExpressionNames? names = null) =>
        Assert.IsType<ExpressionReading.Refused>(Expression.Read(text, names ?? ExpressionNames.Policy)).Fault;

    public static ExpressionRun Run(string text, Dictionary<string, object>? context = null, string? clientIp = "192.0.2.7", PersonFacts? person = null)
    {
        var reading = Expression.Read(text, ExpressionNames.Policy);
        var read = reading as ExpressionReading.Read;
        Assert.True(read is not null, (reading as ExpressionReading.Refused)?.Fault.ToString());
        return read!.Expression.Run(ExpressionFacts.ForPolicy(person ?? Ada, clientIp, context ?? [], null), TimeProvider.System, TimeSpan.FromSeconds(1));
    }

    /// <summary>What it returned, as JSON text.</summary>
    public static string Json(string text, Dictionary<string, object>? context = null)
    {
        var run = Run(text, context);
        Assert.Null(run.Fault);
        Assert.True(run.TryJson(out var json, out var fault), fault);
        return json?.ToJsonString() ?? "null";
    }

    public static ExpressionFault Fault(string text) => Run(text).Fault ?? throw new InvalidOperationException("it did not fault: " + text);

    private static PersonFacts MakeAda()
    {
        var user = new User
        {
            Id = 7,
            Uuid = Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"),
            Username = "ada",
            UsernameKey = "ada",
            Name = "Ada Lovelace",
            Email = "ada@example.com",
            AttributesJson = """{"team":"engines","level":3,"nested":{"a":[1,2]}}""",
        };
        var engineers = new Group { Id = Guid.CreateVersion7(), Number = 1, Name = "engineers", AttributesJson = """{"shell":"/bin/sh"}""" };
        var staff = new Group { Id = Guid.CreateVersion7(), Number = 2, Name = "staff" };
        return new PersonFacts(user, "uid-ada", [engineers], [engineers, staff]);
    }
}
