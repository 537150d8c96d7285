using System.Runtime.InteropServices;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Machine;

/// <summary>What the figures were measured on and under.</summary>
internal static class MachineFacts
{
    /// <summary>Kernel and CPU, for a caption.</summary>
    public static string Caption() =>
        $"Linux {Read("/proc/sys/kernel/osrelease")}, {Environment.ProcessorCount} CPUs ({CpuModel()}), "
            + $".NET {Environment.Version}";

    /// <summary>All of it, a line a fact.</summary>
    public static IEnumerable<string> Lines(LabNetwork lab)
    {
        Pod pod = lab.Nodes[0].Pods[0];
        yield return $"kernel                Linux {Read("/proc/sys/kernel/osrelease")}, "
            + $"{RuntimeInformation.OSArchitecture}";
        yield return $"CPUs                  {Environment.ProcessorCount} x {CpuModel()}";
        yield return $"load average          {string.Join(' ', Read("/proc/loadavg").Split(' ').Take(3))}";
        yield return "congestion control    cubic, set for each socket (the system's is "
            + $"{pod.Get("net/ipv4/tcp_congestion_control")})";
        yield return $".NET                  {Environment.Version}";
        yield return $"iperf                 {IperfVersion(pod)}";
        yield return "nodes                 2 namespaces on the two ends of one veth pair, MTU "
            + $"{lab.Options.UnderlayMtu}";
        yield return $"pods                  1 a node on bridge cni0, IPv4, MTU {lab.Options.EffectivePodMtu}";
    }

    private static string Read(string file) => File.ReadAllText(file).Trim();

    private static string CpuModel() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?
        .Split(':', 2)[1].Trim() ?? "unknown model";

    // Debian's iperf prints its version to stderr, others' to stdout; either way the exit code is not 0.
    private static string IperfVersion(Pod pod)
    {
        CommandResult result = pod.Run("iperf", "--version");
        return $"{result.Output}{result.Error}".Trim();
    }
}
