using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Overlay.Daemon.Lifecycle;

namespace Overlay.Daemon.Admin;

/// <summary>A condition of readiness, as a health check of the framework's.</summary>
internal sealed class NodeHealthCheck(NodeCondition condition, NodeStatus node) : IHealthCheck
{
    /// <summary>Checks of a process that runs.</summary>
    public const string Live = "live";

    /// <summary>Checks of a node whose pods' packets flow.</summary>
    public const string Ready = "ready";

    public static IServiceCollection AddTo(IServiceCollection services)
    {
        IHealthChecksBuilder checks = services.AddHealthChecks()
            .AddCheck("ping", static () => HealthCheckResult.Healthy(), [Live]);
        foreach (NodeCondition condition in NodeCondition.All)
        {
            _ = checks.Add(new HealthCheckRegistration(
                condition.Name,
                provider => new NodeHealthCheck(condition, provider.GetRequiredService<NodeStatus>()),
                HealthStatus.Unhealthy, [Ready]));
        }

        return services;
    }

    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(condition.Look(node) is { } reason
            ? HealthCheckResult.Unhealthy(reason)
            : HealthCheckResult.Healthy());
}
