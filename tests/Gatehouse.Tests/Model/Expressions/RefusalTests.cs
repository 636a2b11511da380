using Gatehouse.Model.Expressions;
using static Gatehouse.Tests.Model.Expressions.Expressions;

namespace Gatehouse.Tests.Model.Expressions;

/// <summary>What is refused when it is saved, and what faults when it runs.</summary>
public class RefusalTests
{
    [Theory]
    [InlineData("import os", 1, 1, "imported")]
    [InlineData("return __import__('os')", 1, 8, "function")]
    [InlineData("return user.__class__", 1, 13, "underscore")]
    [InlineData("return ().__class__.__bases__", 1, 11, "underscore")]
    [InlineData("return eval('1')", 1, 8, "never run as code")]
    [InlineData("exec('x')", 1, 1, "never run as code")]
    [InlineData("return open('/etc/passwd').read()", 1, 8, "Files")]
    [InlineData("return getattr(user, '_x')()", 1, 27, "called")]
    [InlineData("f = lambda x: x", 1, 5, "Functions can't be defined")]
    [InlineData("def f():\n    return 1", 1, 1, "Functions can't be defined")]
    [InlineData("while True:\n    pass", 1, 1, "no while")]
    [InlineData("try:\n    pass\nexcept:\n    pass", 1, 1, "no try")]
    [InlineData("return requests.get('http://x')", 1, 8, "network")]
    [InlineData("return ak_user_by(username='x')", 1, 8, "request.user")]
    [InlineData("return user.password", 1, 13, "no attribute 'password'")]
    [InlineData("return request.user.set_password('x')", 1, 21, "no method 'set_password'")]
    [InlineData("user.username = 'root'", 1, 5, "can't be changed")]
    [InlineData("return 2 ** 1000000", 1, 10, "Powers")]
    [InlineData("return '%s' % (1,)", null, null, "format strings")]
    [InlineData("return \"{}\".format(user)", 1, 13, "format string")]
    [InlineData("return foo", 1, 8, "'foo' is not known")]
    [InlineData("return len", 1, 8, "is a function")]
    [InlineData("return (1", 1, 10, "bracket")]
    [InlineData("return 1)", 1, 9, "no open bracket")]
    [InlineData("return 'abc", 1, 8, "not closed")]
    [InlineData("if True:\nreturn 1", 2, 1, "indented")]
    [InlineData("  return 1", 1, 3, "indented")]
    [InlineData("if True:\n    return 1\n  return 2", 3, 3, "indented like none")]
    [InlineData("return a b", 1, 8, "not known")]
    [InlineData("return 1 2", 1, 10, "the end of the line")]
    [InlineData("x = = 1", 1, 5, "a value")]
    [InlineData("return b'x'", 1, 8, "Byte strings")]
    [InlineData("return x if 1", 1, 8, "not known")]
    [InlineData("return 1 if 1", 1, 14, "'else'")]
    [InlineData("break", 1, 1, "outside a loop")]
    [InlineData("", 1, 1, "empty")]
    [InlineData("return $", 1, 8, "means nothing")]
    [InlineData("return {'a': 1 for}", 1, 19, "a name")]
    public void Says_where_and_what_to_write_instead(string text, int? line, int? column, string part)
    {
        var fault = line is null ? Fault(text) : Refusal(text);

        Assert.Contains(part, fault.Text, StringComparison.Ordinal);
        if (line is not null)
        {
            Assert.Equal((line, column), (fault.Line, (int?)fault.Column));
        }
    }

    [Theory]
    [InlineData("return user.attributes['nothing']", "no 'nothing'")]
    [InlineData("return context['x']['y']", "no 'x'")]
    [InlineData("return None.lower()", "None")]
    [InlineData("return 1 / 0", "zero")]
    [InlineData("return 9223372036854775807 + 1", "too large")]
    [InlineData("return 'a' + 1", "does not go")]
    [InlineData("return 1 < 'a'", "no order")]
    [InlineData("return [1][5]", "no item")]
    [InlineData("return int('x')", "whole number")]
    [InlineData("if False:\n    x = 1\nreturn x", "no value yet")]
    [InlineData("return ip_address('999.1.1.1')", "no address")]
    [InlineData("return 1 in ip_network('10.0.0.0/8')", "ip_address")]
    [InlineData("return regex_match('a', '(')", "can't be read")]
    [InlineData("return regex_match('a', '(?=a)')", "not supported")]
    [InlineData("return regex_match('a', r'(a)\\1')", "not supported")]
    [InlineData("return len(1)", "len() needs")]
    [InlineData("return len([1], [2])", "one argument")]
    [InlineData("return len(x=1)", "one argument")]
    [InlineData("a, b = [1]", "2 values")]
    [InlineData("return ak_is_group_member('x', name='y')", "needs a user")]
    [InlineData("return ak_is_group_member(user)", "which group")]
    [InlineData("return ak_is_group_member(user, secret='y')", "no attribute")]
    [InlineData("return {user: 1}", "Keys")]
    [InlineData("return 'x'.split('')", "no separator")]
    public void Faults_when_it_runs(string text, string part) => Assert.Contains(part, Fault(text).Text, StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("x = 0\nfor a in range(100000):\n    x += 1", "makes more than", "steps")]
    [InlineData("for a in range(1000):\n    for b in range(1000):\n        pass", "steps", "makes more")]
    [InlineData("x = 'a' * 1000000", "makes more", "steps")]
    [InlineData("x = 'a'\nfor i in range(60):\n    x = x + x", "makes more", "steps")]
    [InlineData("x = [1]\nfor i in range(60):\n    x += x", "makes more", "steps")]
    [InlineData("x = 'ab'.replace('a', 'a' * 500000).replace('a', 'a' * 500000)", "makes more", "steps")]
    [InlineData("x = []\nx.append(x)\nreturn str(x)", "nested", "steps")]
    [InlineData("x = []\nx.append(x)\nreturn x == x[0] and [x] == [[x]]", "nested", "steps")]
    [InlineData("x = [1]\nfor i in range(40):\n    x = [x, x]\nreturn str(x)", "nested", "steps")]
    [InlineData("x = [1]\nfor i in range(25):\n    x = [x, x]\nreturn str(x)", "steps", "makes more")]
    [InlineData("return [a for a in range(600) for b in range(600)]", "steps", "makes more")]
    [InlineData("return sorted(range(200000))", "makes more", "steps")]
    [InlineData("return ','.join(['a' * 1000 for i in range(1000)])", "makes more", "steps")]
    [InlineData("return regex_match('a', '(a{900}){900}')", "counts", "counts")]
    [InlineData("return regex_match('a' * 10000 + 'b', '^(a+)+$')", null, null)]
    [InlineData("for i in range(1000):\n    x = regex_match('a' * 300, 'a.*b.*c.*d')", "steps", "too long")]
    public void X05_no_run_lasts_or_grows(string text, string? one, string? other)
    {
        var run = Run(text);

        Assert.True(run.Steps < 60_000);
        if (one is null)
        {
            Assert.Null(run.Fault);
        }
        else
        {
            Assert.True(run.Fault!.Text.Contains(one, StringComparison.Ordinal) || run.Fault.Text.Contains(other!, StringComparison.Ordinal), run.Fault.Text);
        }
    }

    [Fact]
    public void A_ring_can_not_be_returned_as_json()
    {
        var run = Run("x = {}\nx['x'] = x\nreturn x");

        Assert.Null(run.Fault);
        Assert.False(run.TryJson(out _, out var fault));
        Assert.Contains("nested", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_nested_too_deep_is_refused_not_run()
    {
        Assert.Contains("nested", Refusal("return " + new string('(', 500) + "1" + new string(')', 500)).Text, StringComparison.Ordinal);
        Assert.Contains("nested", Refusal("return " + string.Concat(Enumerable.Repeat("not ", 3000)) + "1").Text, StringComparison.Ordinal);
        Assert.Contains("nested", Refusal("return " + string.Concat(Enumerable.Repeat("- ", 5000)) + "1").Text, StringComparison.Ordinal);
        Assert.Contains("chain", Refusal("return user" + string.Concat(Enumerable.Repeat("[0]", 500))).Text, StringComparison.Ordinal);
        Assert.Contains("characters", Refusal("return " + new string('1', 20_000)).Text, StringComparison.Ordinal);
        Assert.Null(Run("return " + string.Join(" + ", Enumerable.Repeat("1", 2000))).Fault);
        Assert.Null(Run("return " + string.Join(" or ", Enumerable.Repeat("0", 2000))).Fault);
    }

    [Fact]
    public void A_clock_ends_what_steps_do_not()
    {
        var read = (ExpressionReading.Read)Expression.Read("x = 0\nfor a in range(5000):\n    x += a\nreturn x", ExpressionNames.Policy);
        var facts = ExpressionFacts.ForPolicy(Ada, null, new Dictionary<string, object>(), null);

        Assert.Contains("too long", read.Expression.Run(facts, new RushingClock(), TimeSpan.FromMilliseconds(10)).Fault!.Text, StringComparison.Ordinal);
    }

    // Each look at it is a second later.
    private sealed class RushingClock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => now++;
    }
}
