using Overlay.Daemon.Options;
using Overlay.Host.Kernel;
using Overlay.Host.Programs;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Checks;

/// <summary>Checks of the kernel and of the programs that speak for it.</summary>
internal static class KernelChecks
{
    private const string Tun = "/dev/net/tun";

    public static IEnumerable<CheckResult> Devices()
    {
        string release = Sysctl.Get("kernel/osrelease") ?? "of an unknown version";
        if (!File.Exists(Tun))
        {
            yield return CheckResult.Problem(
                "kernel", $"{Tun} is missing, and without it pods' packets do not reach the daemon: modprobe tun");
            yield break;
        }

        using (File.Open(Tun, FileMode.Open, FileAccess.ReadWrite))
        {
        }

        yield return CheckResult.Good("kernel", $"Linux {release}, {Tun} can be opened");
    }

    public static IEnumerable<CheckResult> Tools()
    {
        CheckResult result;
        try
        {
            result = CheckResult.Good("tools", HostTool.Run("nft", "", "--version").Trim());
        }
        catch (FileNotFoundException)
        {
            result = CheckResult.Problem(
                "tools", "nft is missing, so pods are not masqueraded and reach nothing outside: apt install nftables");
        }

        yield return result;
    }

    public static IEnumerable<CheckResult> Forwards(OverlayOptions options)
    {
        foreach (IpFamily family in FamiliesOf(options))
        {
            string name = Overlay.Host.Kernel.Forwarding.KeyOf(family).Replace('/', '.');
            yield return Overlay.Host.Kernel.Forwarding.IsOn(family)
                ? CheckResult.Good("forwarding", $"{name} is on")
                : CheckResult.Warning(
                    "forwarding",
                    $"{name} is 0: {family} pods reach no other node until the daemon or the CNI plugin sets it; "
                    + $"sysctl -w {name}=1, and in /etc/sysctl.d");
        }
    }

    public static IEnumerable<CheckResult> Connections()
    {
        const string Check = "connection tracking";
        return
        [
            ConnectionTable.Read() switch
            {
                null => CheckResult.Good(Check, "not in use"),
                { IsNearlyFull: true } full => CheckResult.Warning(Check, $"{full}"),
                { } table => CheckResult.Good(Check, $"{table}"),
            },
        ];
    }

    public static IEnumerable<CheckResult> State(OverlayOptions options)
    {
        // The daemon makes it; its own user may write where root's check may.
        string directory = options.StateDirectory;
        while (!Directory.Exists(directory)) directory = Path.GetDirectoryName(directory) ?? "/";
        long free = new DriveInfo(directory).AvailableFreeSpace;
        yield return free > 1024 * 1024
            ? CheckResult.Good("state directory", $"{options.StateDirectory} has room")
            : CheckResult.Warning(
                "state directory",
                $"{options.StateDirectory} has {free} bytes left: peers and MAC addresses do not survive a restart; "
                + $"df {directory}");
    }

    private static IEnumerable<IpFamily> FamiliesOf(OverlayOptions options)
    {
        if (options.Network.Cidr is not null || options.Network.CidrV6 is null) yield return IpFamily.IPv4;
        if (options.Network.CidrV6 is not null) yield return IpFamily.IPv6;
    }
}
