using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Management.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/schema/: an OpenAPI document of what is served, made from the route table, so that it can't say anything else. Bodies are authentik's, whose own document describes them.</summary>
internal sealed partial class Schema(AuthentikRoutes routes)
{
    public static void Map(ApiRoutes routes) => routes.Get<Schema>("/schema/", Need.Nobody, (s, _) => Task.FromResult(Answer.Ok(s.Document())));

    private JsonObject Document()
    {
        var paths = new JsonObject();
        foreach (var route in routes.Table.All.GroupBy(r => r.Path).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var item = new JsonObject();
            foreach (var (path, method, need) in route)
            {
                item[method.ToLowerInvariant()] = Operation(path, method, need);
            }

            if (Names().Matches(route.Key) is { Count: > 0 } names)
            {
                item["parameters"] = JsonList.Of(names, n => new JsonObject
                {
                    ["name"] = n.Groups[1].Value,
                    ["in"] = "path",
                    ["required"] = true,
                    ["schema"] = new JsonObject { ["type"] = "string" },
                });
            }

            paths[route.Key] = item;
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.3",
            ["info"] = new JsonObject
            {
                ["title"] = "Gatehouse Identity, authentik's API",
                ["version"] = Root.Spoken,
                ["description"] = "The routes that are served. Their bodies are those of authentik " + Root.Spoken + ".",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = routes.Table.Prefix }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["authentik"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                    ["session"] = new JsonObject { ["type"] = "apiKey", ["in"] = "cookie", ["name"] = "__Host-authentik_session" },
                },
            },
        };
    }

    private static JsonObject Operation(string path, string method, Need need)
    {
        var done = method switch { "POST" when !Names().IsMatch(path) => "201", "DELETE" => "204", _ => "200" };
        return new JsonObject
        {
            ["operationId"] = NameOf(path, method),
            ["tags"] = new JsonArray(path.Split('/')[1]),
            ["security"] = need == Need.Nobody
                ? new JsonArray(new JsonObject())
                : new JsonArray(new JsonObject { ["authentik"] = new JsonArray() }, new JsonObject { ["session"] = new JsonArray() }),
            ["x-gatehouse-needs"] = need.ToString().ToLowerInvariant(),
            ["responses"] = new JsonObject
            {
                [done] = new JsonObject { ["description"] = "Done" },
                ["400"] = new JsonObject { ["description"] = "Texts by field" },
                ["403"] = new JsonObject { ["description"] = "No credential, or no permission" },
            },
        };
    }

    // authentik's names: core_users_list, core_users_retrieve, core_users_set_password_create.
    private static string NameOf(string path, string method)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var endsInKey = parts[^1].StartsWith('{');
        var verb = method switch
        {
            "GET" => endsInKey || parts.Length < 2 || parts.Length > 2 ? "retrieve" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "partial_update",
            _ => "destroy",
        };
        return string.Join('_', parts.Where(p => !p.StartsWith('{')).Select(p => p.Replace('-', '_'))) + "_" + verb;
    }

    [GeneratedRegex("{([a-z_]+)}")]
    private static partial Regex Names();
}
