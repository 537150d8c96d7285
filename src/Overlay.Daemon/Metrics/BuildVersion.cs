using System.Reflection;

namespace Overlay.Daemon.Metrics;

/// <summary>The version of this overlayd.</summary>
internal static class BuildVersion
{
    public static string Text { get; } =
        typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
