using Gatehouse.Model.Expressions;

namespace Gatehouse.Tests.Model.Expressions;

/// <summary>Whatever is written, reading and running end in bounds and throw nothing.</summary>
public class FuzzTests
{
    private static readonly string[] Words =
    [
        "return ", "if ", "elif ", "else:", "for ", " in ", " not ", " and ", " or ", " is ", "pass", "break", "continue", "True", "False", "None", "user", "request", "context", "x", "y",
        ".", ",", ":", ";", "(", ")", "[", "]", "{", "}", "=", "==", "+=", "<", "**", "+", "-", "*", "/", "//", "%", "|", "\n", "\n    ", "\n        ", " ", "\t", "\\\n",
        "'a'", "\"b\"", "'''c\nd'''", "f'{x}'", "f\"{user.username}\"", "r'\\d'", "'", "\"", "f'{", "}'", "#", "1", "2.5", "1e3", "0", "-1", "99999999999999999999", "\0", "é", "\ud800",
        "len", "str", "range(9)", "sorted", "regex_match('a', 'a+')", "regex_replace", "ak_message('m')", "ak_is_group_member(user, name='staff')", ".lower()", ".split(',')", ".get('a')",
        ".append(x)", ".items()", ".groups.all()", ".filter(name='x')", ".attributes", "['a']", "[0]", "[1:]", " for x in range(3)", " if x", "lambda", "import os", "__class__", "ip_network('10.0.0.0/8')",
    ];

    private static readonly string[] Seeds =
    [
        "for g in user.groups.all():\n    if g.name in ['a', 'b']:\n        return True\nreturn False",
        "return {\"email\": request.user.email, \"groups\": [g.name for g in user.all_groups() if g.name.startswith('x')]}",
        "x = {'a': [1, 2, {'b': 3}]}\nx['a'][2]['b'] += 1\nreturn f\"{x['a']} {user.username}\"",
        "return ak_client_ip in ip_network('192.0.2.0/24') and not regex_match(user.email, r'^(a+)+$')",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reading_and_running_end_in_bounds(int seed)
    {
        var facts = ExpressionFacts.ForPolicy(Expressions.Ada, "192.0.2.7", new Dictionary<string, object>(), null);
        var dice = new Dice((uint)seed);
        var ran = 0;
        for (var round = 0; round < 3000; round++)
        {
            var text = round % 2 == 0 ? Soup(dice) : Mutated(dice);
            if (Expression.Read(text, ExpressionNames.Policy) is ExpressionReading.Read read)
            {
                var run = read.Expression.Run(facts, TimeProvider.System, TimeSpan.FromSeconds(1));
                Assert.True(run.Steps < 60_000, text);
                _ = run.TryJson(out _, out _);
                ran++;
            }
        }

        Assert.True(ran > 50, $"only {ran} could be run");
    }

    private static string Soup(Dice dice) => string.Concat(Enumerable.Range(0, 1 + dice.Below(25)).Select(_ => Words[dice.Below(Words.Length)]));

    private static string Mutated(Dice dice)
    {
        var text = Seeds[dice.Below(Seeds.Length)];
        for (var i = dice.Below(4); i >= 0; i--)
        {
            var at = dice.Below(text.Length);
            text = dice.Below(3) switch
            {
                0 => text.Remove(at, Math.Min(1 + dice.Below(6), text.Length - at)),
                1 => text.Insert(at, Words[dice.Below(Words.Length)]),
                _ => text[..at] + Words[dice.Below(Words.Length)] + text[Math.Min(text.Length, at + dice.Below(8))..],
            };
            text = text.Length == 0 ? "return 1" : text;
        }

        return text;
    }

    // The same rounds each time: a failure can be run again.
    private sealed class Dice(uint seed)
    {
        private uint state = (seed * 2654435761) | 1;

        public int Below(int end)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            return (int)(state % (uint)end);
        }
    }
}
