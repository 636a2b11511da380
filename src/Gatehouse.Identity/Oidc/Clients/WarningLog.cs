using System.Collections.Concurrent;
using Gatehouse.Model.Providers;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Tells the log what is wrong with a provider, once for each version of it: at every request it would be noise.</summary>
internal sealed partial class WarningLog(ILogger<WarningLog> logger)
{
    private readonly ConcurrentDictionary<int, (int Version, bool IsAssigned)> told = new();

    public void Tell(Client client)
    {
        var state = (client.Provider.Version, client.Application is not null);
        if (told.TryGetValue(client.Provider.Id, out var last) && last == state)
        {
            return;
        }

        told[client.Provider.Id] = state;
        foreach (var warning in ProviderWarnings.Of(client.Provider, client.Application is not null))
        {
            LogWarning(client.Provider.Name, warning.Code, warning.Text);
        }
    }

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Provider {Provider}: {Code}. {Text}")]
    private partial void LogWarning(string provider, string code, string text);
}
