using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Hosting;

/// <summary>The web server with a share of the time there is to stop: what stops after it needs time too.</summary>
internal sealed class HurriedServer(IServer inner, TimeSpan share, TimeProvider clock) : IServer
{
    /// <inheritdoc/>
    public IFeatureCollection Features => inner.Features;

    /// <summary>Puts it around the server there is.</summary>
    public static void Wrap(IServiceCollection services, TimeSpan share)
    {
        var given = services.Last(s => s.ServiceType == typeof(IServer));
        var kind = given.ImplementationType ?? throw new InvalidOperationException("the web server is not registered by its type");
        services.Remove(given);
        services.AddSingleton(kind);
        services.AddSingleton<IServer>(provider => new HurriedServer((IServer)provider.GetRequiredService(kind), share, provider.GetRequiredService<TimeProvider>()));
    }

    /// <inheritdoc/>
    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull => inner.StartAsync(application, cancellationToken);

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(share, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        await inner.StopAsync(either.Token);
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
