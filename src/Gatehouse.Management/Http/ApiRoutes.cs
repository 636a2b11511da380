using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.Http;

/// <summary>Who may use which method of a route; on every endpoint, so that a test can walk them all.</summary>
internal sealed record RouteNeeds(IReadOnlyDictionary<string, Need> ByMethod);

/// <summary>The route table of one dialect. Every route goes through the same steps: admit, method, body, handler.</summary>
internal sealed partial class ApiRoutes(string prefix, IDialect dialect, ILogger logger)
{
    private readonly Dictionary<string, Dictionary<string, Route>> byPath = new(StringComparer.Ordinal);

    public ApiRoutes Get<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "GET", need, run);

    public ApiRoutes Post<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "POST", need, run);

    public ApiRoutes Put<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "PUT", need, run);

    public ApiRoutes Patch<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "PATCH", need, run);

    public ApiRoutes Delete<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "DELETE", need, run);

    /// <summary>A POST whose body the handler reads itself: a form with a file.</summary>
    public ApiRoutes PostForm<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "POST", need, run, hasBody: false);

    /// <summary>A PATCH whose body is a list, which the handler reads itself.</summary>
    public ApiRoutes PatchList<T>(string path, Need need, Func<T, ApiRequest, Task<IResult>> run)
        where T : notnull => Add(path, "PATCH", need, run, hasBody: false);

    /// <summary>Serves every path under <paramref name="path"/> under <paramref name="other"/> as well.</summary>
    public ApiRoutes Mirror(string path, string other)
    {
        foreach (var known in byPath.Keys.Where(p => p == path || p.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
        {
            byPath[other + known[path.Length..]] = byPath[known];
        }

        return this;
    }

    /// <summary>Every route: its path, method, and who may use it.</summary>
    public IEnumerable<(string Path, string Method, Need Need)> All => byPath.SelectMany(p => p.Value.Select(m => (p.Key, m.Key, m.Value.Need)));

    /// <summary>What stands before every path.</summary>
    public string Prefix => prefix;

    /// <summary>
    /// Runs a route for <paramref name="caller"/> from inside: same handler, same checks, no HTTP. For callers that may use every route.
    /// Null when there is no such route.
    /// </summary>
    public async Task<JsonAnswer?> CallAsync(IServiceProvider services, ApiCaller caller, string method, string path, JsonElement body, CancellationToken cancellationToken)
    {
        var (route, query) = path.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0 ? (path[..mark], path[mark..]) : (path, "");
        if (Match(route) is not var (pattern, values) || byPath[pattern].GetValueOrDefault(method) is not { } found)
        {
            return null;
        }

        var inner = new DefaultHttpContext { RequestServices = services, RequestAborted = cancellationToken };
        inner.Request.Method = method;
        inner.Request.Path = prefix + route;
        inner.Request.QueryString = new QueryString(query);
        inner.Request.RouteValues = values;
        return await found.RunAsync(services, new ApiRequest(inner, caller, body)) as JsonAnswer;
    }

    // A literal part wins over a named one, as in routing.
    private (string Pattern, RouteValueDictionary Values)? Match(string path)
    {
        var parts = path.Split('/');
        (string Pattern, RouteValueDictionary Values)? found = null;
        foreach (var pattern in byPath.Keys)
        {
            var wanted = pattern.Split('/');
            if (wanted.Length != parts.Length || !wanted.Zip(parts).All(p => p.First.StartsWith('{') ? p.Second.Length > 0 : p.First == p.Second))
            {
                continue;
            }

            var values = new RouteValueDictionary(wanted.Zip(parts).Where(p => p.First.StartsWith('{'))
                .Select(p => KeyValuePair.Create(p.First.Trim('{', '}'), (object?)Uri.UnescapeDataString(p.Second))));
            found = found is { } other && other.Values.Count <= values.Count ? other : (pattern, values);
        }

        return found;
    }

    /// <summary>Puts the table into the host. Request delegates: they cost nothing at start-up.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var (path, methods) in byPath)
        {
            var needs = new RouteNeeds(methods.ToDictionary(m => m.Key, m => m.Value.Need));
            endpoints.Map(prefix + path, context => AnswerAsync(context, methods)).WithMetadata(needs);
        }

        endpoints.Map(prefix + "/{**rest}", AnswerUnknownAsync);
    }

    private Task AnswerUnknownAsync(HttpContext context) => RunAsync(context, request => Task.FromResult(dialect.NoSuchRoute(request)));

    private ApiRoutes Add<T>(string path, string method, Need need, Func<T, ApiRequest, Task<IResult>> run, bool? hasBody = null)
        where T : notnull
    {
        if (!byPath.TryGetValue(path, out var methods))
        {
            byPath[path] = methods = new(StringComparer.Ordinal);
        }

        methods.Add(method, new Route(need, hasBody ?? method is "POST" or "PUT" or "PATCH", (services, request) => run(services.GetRequiredService<T>(), request)));
        return this;
    }

    private Task AnswerAsync(HttpContext context, Dictionary<string, Route> methods) => RunAsync(context, async request =>
    {
        // Routing takes a path with and without its last slash for the same; these APIs do not.
        if (dialect.PathEnd.Length > 0 != request.Path.Value?.EndsWith('/'))
        {
            return dialect.NoSuchRoute(request);
        }

        var method = request.Method == "HEAD" ? "GET" : request.Method;
        var route = methods.GetValueOrDefault(method);
        var admission = await dialect.AdmitAsync(context, route?.Need ?? Need.User, context.RequestAborted);
        if (admission is Admission.Turned turned)
        {
            LogRefused(request.Method, request.Path, turned.Reason);
            return turned.Answer;
        }

        if (route is null)
        {
            context.Response.Headers.Allow = string.Join(", ", methods.Keys);
            return dialect.MethodNotAllowed(request.Method);
        }

        if (QueryFault(request) is { } fault)
        {
            return dialect.BadRequest(fault);
        }

        var caller = ((Admission.Admitted)admission).Caller;
        context.RequestServices.GetRequiredService<Actor>().Become(context, caller);
        var body = route.HasBody ? await JsonBody.ReadAsync(request, context.RequestAborted) : new JsonBody.Read(default);
        return body is JsonBody.Read read
            ? await route.RunAsync(context.RequestServices, new ApiRequest(context, caller, read.Root))
            : dialect.BadRequest(body);
    });

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The role's outermost handler: the caller gets the dialect's error, the log the exception.")]
    private async Task RunAsync(HttpContext context, Func<HttpRequest, Task<IResult>> answer)
    {
        dialect.Dress(context.Response);
        IResult result;
        try
        {
            result = await answer(context.Request);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // nobody waits for the answer
        }
        catch (Exception fault)
        {
            LogBroken(fault, context.Request.Method, context.Request.Path);
            result = dialect.Broken();
        }

        await result.ExecuteAsync(context);
    }

    // PostgreSQL can't compare with U+0000; no name here holds one.
    private static JsonBody.Malformed? QueryFault(HttpRequest request) =>
        request.Query.Any(p => p.Value.Any(v => v?.Contains('\0', StringComparison.Ordinal) == true)) || request.Path.Value?.Contains('\0', StringComparison.Ordinal) == true
            ? new JsonBody.Malformed("the path or the query holds U+0000")
            : null;

    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "API call refused: {Method} {Path} ({Reason})")]
    private partial void LogRefused(string method, PathString path, string reason);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Error, Message = "API call failed: {Method} {Path}")]
    private partial void LogBroken(Exception fault, string method, PathString path);

    private sealed record Route(Need Need, bool HasBody, Func<IServiceProvider, ApiRequest, Task<IResult>> RunAsync);
}
