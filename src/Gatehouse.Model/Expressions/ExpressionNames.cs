using System.Collections.Frozen;

namespace Gatehouse.Model.Expressions;

/// <summary>The names that an expression may use, by what it is for. Values are names of shapes (<see cref="Shapes"/>); empty for plain values.</summary>
public sealed class ExpressionNames
{
    private ExpressionNames(params (string Name, string Shape)[] names) =>
        Shapes = names.ToFrozenDictionary(n => n.Name, n => n.Shape, StringComparer.Ordinal);

    /// <summary>Of policies.</summary>
    public static ExpressionNames Policy { get; } = new(
        ("request", "request"), ("user", "user"), ("context", ""), ("http_request", "http"), ("ak_client_ip", ""), ("ak_is_sso_flow", ""), ("ak_logger", "logger"));

    /// <summary>Of scope mappings.</summary>
    public static ExpressionNames Mapping { get; } = new(
        ("request", "request"), ("user", "user"), ("provider", "provider"), ("token", "token"), ("http_request", "http"), ("ak_client_ip", ""), ("ak_logger", "logger"));

    /// <summary>Of what webhooks are sent.</summary>
    public static ExpressionNames Webhook { get; } = new(("request", "request"), ("user", "user"), ("notification", "notification"), ("ak_logger", "logger"));

    internal FrozenDictionary<string, string> Shapes { get; }
}
