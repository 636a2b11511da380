using Gatehouse.Model.Bindings;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Expressions;
using Gatehouse.Store.Events;
using Gatehouse.Store.Geo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Store.Bindings;

/// <summary>Wires policies. Needs the database, the event log and a clock.</summary>
public static class BindingsRole
{
    /// <summary>Adds the engine and what it asks.</summary>
    public static IServiceCollection AddBindings(this IServiceCollection services)
    {
        services.TryAddSingleton<RepeatedEvents>();
        services.TryAddSingleton<ExpressionCache>();
        services.TryAddSingleton<PolicyJudge>();
        services.TryAddSingleton<ClaimsMaker>();
        services.TryAddSingleton<ReputationBook>();
        services.TryAddSingleton<IReputation>(s => s.GetRequiredService<ReputationBook>());
        services.TryAddSingleton<IGeoReader, NoPlaces>();
        services.TryAddSingleton<FactsGatherer>();
        services.TryAddSingleton<PolicyEngine>();
        services.TryAddSingleton<IPolicyEngine>(s => s.GetRequiredService<PolicyEngine>());
        services.TryAddSingleton<EventRules>();
        services.TryAddSingleton<IPasswordRules, PasswordRuleBook>();
        services.TryAddScoped<VisibleApplications>();
        return services;
    }
}
