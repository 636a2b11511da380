using static Gatehouse.Tests.Model.Expressions.Expressions;

namespace Gatehouse.Tests.Model.Expressions;

/// <summary>What expressions can say, and that they mean what Python means.</summary>
public class LanguageTests
{
    [Theory]
    [InlineData("return 1 + 2 * 3 - 4 // 3", "6")]
    [InlineData("return -7 // 2", "-4")]
    [InlineData("return -7 % 3", "2")]
    [InlineData("return 7 / 2", "3.5")]
    [InlineData("return (1 + 2) * 3", "9")]
    [InlineData("return 1 < 2 <= 2 != 3", "true")]
    [InlineData("return not 0 and 'x' or None", "\"x\"")]
    [InlineData("return None or []", "[]")]
    [InlineData("return True == 1", "true")]
    [InlineData("return True is 1", "false")]
    [InlineData("return 1 == 1.0", "true")]
    [InlineData("return 'b' in 'abc' and 'x' not in ['a', 'b']", "true")]
    [InlineData("return 'a' 'b' + \"c\"", "\"abc\"")]
    [InlineData("return r'\\d' + '\\n'", "\"\\\\d\\n\"")]
    [InlineData("return 'x' * 3", "\"xxx\"")]
    [InlineData("return [1, 2] + [3]", "[1,2,3]")]
    [InlineData("return [*[1, 2], 3]", "[1,2,3]")]
    [InlineData("return {**{'a': 1}, 'b': 2} | {'a': 3}", "{\"a\":3,\"b\":2}")]
    [InlineData("return {1, 1, 2}", "[1,2]")]
    [InlineData("return [x * 2 for x in range(5) if x % 2 == 0]", "[0,4,8]")]
    [InlineData("return {k: v for k, v in {'a': 1}.items()}", "{\"a\":1}")]
    [InlineData("return [a + b for a in 'ab' for b in 'xy']", "[\"ax\",\"ay\",\"bx\",\"by\"]")]
    [InlineData("return any(x > 1 for x in [1, 2])", "true")]
    [InlineData("return 'yes' if 1 else 'no'", "\"yes\"")]
    [InlineData("return 'abcdef'[1:3] + 'abc'[-1]", "\"bcc\"")]
    [InlineData("return f'{1 + 1} {user.username!s}' if False else f\"{{}} {user.username} {[1][0]}\"", null)]
    [InlineData("return f\"{{}} {user.username} {[1, 'a']}\"", "\"{} ada [1, \\u0027a\\u0027]\"")]
    [InlineData("a, b = [1, 2]\nreturn b, a", "[2,1]")]
    [InlineData("x = 1\nx += 2\nreturn x", "3")]
    [InlineData("d = {}\nd['a'] = 1\nd['b'] = [d['a']]\nreturn d", "{\"a\":1,\"b\":[1]}")]
    [InlineData("if False:\n    return 1\nelif True:\n    return 2\nelse:\n    return 3", "2")]
    [InlineData("t = 0\nfor i in range(10):\n    if i == 3: continue\n    if i == 6: break\n    t += i\nreturn t", "12")]
    [InlineData("# a comment\n\nx = (1 +\n     2)  # another\nreturn \\\n  x", "3")]
    [InlineData("pass", "null")]
    [InlineData("return", "null")]
    [InlineData("x = 5; return x;", "5")]
    public void Means_what_Python_means(string text, string? expected)
    {
        if (expected is null)
        {
            Assert.Contains("Conversions", Refusal(text).Text, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(expected, Json(text));
        }
    }

    [Theory]
    [InlineData("return 'Ada Lovelace'.lower().split(' ')", "[\"ada\",\"lovelace\"]")]
    [InlineData("return 'a-b-c'.split('-', 1) + 'a-b-c'.rsplit('-', maxsplit=1)", "[\"a\",\"b-c\",\"a-b\",\"c\"]")]
    [InlineData("return '  x '.strip() + 'xxaxx'.strip('x')", "\"xa\"")]
    [InlineData("return 'a@b'.endswith(('@b', '@c')) and 'x'.startswith('x')", "true")]
    [InlineData("return ','.join(['a', 'b']).replace(',', ';')", "\"a;b\"")]
    [InlineData("return 'a@b.c'.partition('@')[2]", "\"b.c\"")]
    [InlineData("return {'a': 1}.get('b', 2)", "2")]
    [InlineData("return sorted(['b', 'a'], reverse=True)", "[\"b\",\"a\"]")]
    [InlineData("return [min(3, 1), max([1, 3]), sum([1, 2]), len('abc'), abs(-1), round(2.6)]", "[1,3,3,3,1,3]")]
    [InlineData("return [int('4'), float('1.5'), str(True), bool([])]", "[4,1.5,\"True\",false]")]
    [InlineData("return list_flatten([[1], [2, 3]])", "[1,2,3]")]
    [InlineData("return slugify('Ada  Lovelace!')", "\"ada-lovelace\"")]
    [InlineData("return regex_match('ada@example.com', r'^[a-z]+@example\\.com$')", "true")]
    [InlineData("return regex_replace('a1b22', r'\\d+', '#')", "\"a#b#\"")]
    [InlineData("return [i for i, x in enumerate(['a', 'b']) if x == 'b']", "[1]")]
    public void Has_functions_and_methods(string text, string expected) => Assert.Equal(expected, Json(text));

    [Theory]
    [InlineData("return user.username + request.user.email", "\"adaada@example.com\"")]
    [InlineData("return [group.name for group in request.user.groups.all()]", "[\"engineers\"]")]
    [InlineData("return [g.name for g in user.all_groups()]", "[\"engineers\",\"staff\"]")]
    [InlineData("return list(user.ak_groups.values_list('name', flat=True))", "[\"engineers\"]")]
    [InlineData("return user.ak_groups.filter(name='engineers').exists()", "true")]
    [InlineData("return ak_is_group_member(request.user, name='staff')", "true")]
    [InlineData("return ak_is_group_member(user, name__in=['x', 'engineers'])", "true")]
    [InlineData("return ak_is_group_member(user, name='admins')", "false")]
    [InlineData("return user.attributes.get('team') == 'engines' and user.attributes['nested']['a'][1] == 2", "true")]
    [InlineData("return user.group_attributes(request)['shell']", null)]
    [InlineData("return user.group_attributes()['shell'] + user.group_attributes()['team']", "\"/bin/shengines\"")]
    [InlineData("return ak_client_ip in ip_network('192.0.2.0/24')", "true")]
    [InlineData("return ip_address('2001:db8::1') in ip_network('2001:db8::/32')", "true")]
    [InlineData("return context['prompt_data']['email'].split('@')[1]", "\"example.com\"")]
    [InlineData("return request.context.get('nothing', 'x')", "\"x\"")]
    [InlineData("return request.http_request.method + http_request.path", "\"POST/x\"")]
    [InlineData("return hasattr(user, 'email') and not hasattr(user, 'backend')", "true")]
    [InlineData("return getattr(user, 'nothing', 'x')", "\"x\"")]
    [InlineData("return ak_is_sso_flow", "false")]
    [InlineData("return flow_plan", null)]
    public void Knows_the_objects(string text, string? expected)
    {
        var context = new Dictionary<string, object>
        {
            ["prompt_data"] = new Dictionary<string, object> { ["email"] = "x@example.com" },
            ["http_request"] = new Dictionary<string, object> { ["path"] = "/x", ["method"] = "POST" },
        };
        if (expected is null)
        {
            Assert.True(Gatehouse.Model.Expressions.Expression.Read(text, Gatehouse.Model.Expressions.ExpressionNames.Policy) is Gatehouse.Model.Expressions.ExpressionReading.Refused
                || Run(text, context).Fault is null);
        }
        else
        {
            Assert.Equal(expected, Json(text, context));
        }
    }

    [Fact]
    public void Messages_and_log_lines_are_kept()
    {
        var run = Run("ak_message('not you')\nak_logger.info('seen', user=user.username)\nreturn False");

        Assert.False(run.IsTrue);
        Assert.Equal(["not you"], run.Messages);
        Assert.Equal(["info: seen user=ada"], run.Log);
    }

    [Fact]
    public void Nobody_has_no_groups_and_faults_nothing()
    {
        Assert.False(Run("return ak_is_group_member(user, name='staff') or user.is_superuser", person: Gatehouse.Model.Users.PersonFacts.Nobody).IsTrue);
        Assert.True(Run("return user.is_anonymous and user.username == 'AnonymousUser'", person: Gatehouse.Model.Users.PersonFacts.Nobody).IsTrue);
    }
}
