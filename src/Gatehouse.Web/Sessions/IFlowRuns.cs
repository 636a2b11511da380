using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Web.Sessions;

/// <summary>How far a browser is in a flow.</summary>
/// <param name="SessionId">Names the browser's session, and opens nothing.</param>
/// <param name="Remaining">Bindings of the stages that still have to run; the first is the current one.</param>
/// <param name="Context">What the run knows, without secrets.</param>
public sealed record FlowProgress(string SessionId, IReadOnlyList<Guid> Remaining, JsonObject Context)
{
    /// <summary>The same before each stage that it has left behind, the first one first.</summary>
    public IReadOnlyList<FlowProgress> History { get; init; } = [];
}

/// <summary>Finds the runs of flows of the browser behind a request.</summary>
public interface IFlowRuns
{
    /// <summary>The run of the flow that was opened with <paramref name="query"/>; null when there is none, or another site sent the request.</summary>
    Task<FlowProgress?> FindAsync(HttpContext context, string slug, string query, CancellationToken cancellationToken);
}
