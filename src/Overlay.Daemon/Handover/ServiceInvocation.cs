namespace Overlay.Daemon.Handover;

/// <summary>The service of systemd that this process is of (systemd.exec(5), INVOCATION_ID).</summary>
internal static class ServiceInvocation
{
    /// <summary>The number of the service's start; null outside of a service.</summary>
    public static string? Id { get; } =
        Environment.GetEnvironmentVariable("INVOCATION_ID") is { Length: > 0 } id ? id : null;
}
