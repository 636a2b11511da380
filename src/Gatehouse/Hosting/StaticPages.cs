using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hosting;

/// <summary>Lets components be rendered once, on the server.</summary>
internal static class StaticPages
{
    /// <summary>Registers the renderer without the key ring that comes along: our pages hold nothing protected by it, and it would write keys, unsealed, to the home folder at each first start.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddRazorComponents();
        services.Replace(ServiceDescriptor.Singleton<IDataProtectionProvider, EphemeralDataProtectionProvider>());
        var protection = typeof(EphemeralDataProtectionProvider).Assembly;
        foreach (var warmUp in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType?.Assembly == protection).ToList())
        {
            services.Remove(warmUp);
        }
    }
}
