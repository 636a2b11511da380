using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tunnel.Connector;

/// <summary>What monitors ask a connector, under the paths and names that the stock one has.</summary>
internal static class MetricsPages
{
    /// <summary>Answers.</summary>
    public static Task AnswerAsync(HttpContext context, ConnectorState state) => context.Request.Path.Value switch
    {
        "/ready" => ReadyAsync(context, state),
        "/healthcheck" => context.Response.WriteAsync("OK\n", context.RequestAborted),
        "/metrics" => MetricsAsync(context, state),
        _ => NotFoundAsync(context),
    };

    private static Task ReadyAsync(HttpContext context, ConnectorState state)
    {
        var ready = state.Ready;
        context.Response.StatusCode = ready > 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        var body = new JsonObject { ["status"] = context.Response.StatusCode, ["readyConnections"] = ready, ["connectorId"] = state.Id.ToString() };
        return context.Response.WriteAsync(body.ToJsonString() + "\n", context.RequestAborted);
    }

    private static Task MetricsAsync(HttpContext context, ConnectorState state)
    {
        var text = new StringBuilder();
        Add(text, "cloudflared_tunnel_ha_connections", "gauge", "Connections that are registered", state.Ready);
        Add(text, "cloudflared_tunnel_total_requests", "counter", "Requests passed on", state.Counts.Requests);
        Add(text, "cloudflared_tunnel_request_errors", "counter", "Requests whose service could not be reached", state.Counts.Failures);
        Add(text, "cloudflared_tunnel_concurrent_requests_per_tunnel", "gauge", "Requests under way", state.Counts.Active);
        Add(text, "cloudflared_orchestration_config_version", "gauge", "Number of the configuration in force", state.Number);
        text.Append("# HELP cloudflared_tunnel_response_by_code Answers by status\n# TYPE cloudflared_tunnel_response_by_code counter\n");
        foreach (var (status, count) in state.Counts.ByStatus)
        {
            text.Append(CultureInfo.InvariantCulture, $"cloudflared_tunnel_response_by_code{{status_code=\"{status}\"}} {count}\n");
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static void Add(StringBuilder text, string name, string type, string help, long value) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value}\n");

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
