using Gatehouse.Management.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>The route table of authentik's API, once for the process: it is served, described by the schema, and called from inside by blueprints.</summary>
internal sealed class AuthentikRoutes(ILoggerFactory loggers)
{
    /// <summary>The table; filled when the API is mapped.</summary>
    public ApiRoutes Table { get; } = new("/api/v3", new AuthentikDialect(), loggers.CreateLogger("Gatehouse.Management.AuthentikV3"));
}
