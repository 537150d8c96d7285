using System.Globalization;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;

namespace Overlay.Dataplane.Ebpf.Probing;

/// <summary>
/// Finds out what the kernel has: versions say little, as distributions carry features back and switch some off.
/// </summary>
public static class EbpfProbe
{
    private const int FrameLength = 128;

    /// <summary>
    /// Makes maps, loads the programs, makes a device of its own in the calling thread's network namespace and attaches
    /// to it; leaves nothing behind. Some 50 ms.
    /// </summary>
    public static ProbeResult Run()
    {
        try
        {
            BpfObject source = BpfObject.ReadEmbedded();
            using TierMaps maps = TierMaps.Create(source);
            using BpfProgram program = Load(source, maps, "ov_vx");
            Load(source, maps, "ov_egress").Dispose();
            string name = string.Create(CultureInfo.InvariantCulture, $"ovp{Environment.ProcessId}");
            using RouteNetlink netlink = new();
            netlink.CreateExternalVxlan(name, 1, (1, 2));
            try
            {
                bool hasTcx = Attach(program, netlink.FindLink(name)!.Index);
                return new ProbeResult(
                    true, null, hasTcx, Adjusts(source, maps, "ov_probe_encap"),
                    Adjusts(source, maps, "ov_probe_inner"), Adjusts(source, maps, "ov_probe_decap"));
            }
            finally
            {
                _ = netlink.TryDelete(name);
            }
        }
        catch (LinuxException refused)
        {
            return ProbeResult.Unusable(Sentence(refused));
        }
    }

    /// <summary>The meaning of a refusal for the operator.</summary>
    internal static string Sentence(LinuxException refused)
    {
        string advice = (refused.Errno, refused.Call) switch
        {
            (Errno.EPERM, _) => "this process needs CAP_BPF and CAP_NET_ADMIN, and seccomp must let bpf(2) through",
            (Errno.ENOSYS, _) => "this kernel is built without bpf(2) (CONFIG_BPF_SYSCALL)",
            (Errno.EINVAL or Errno.EACCES, "bpf BPF_PROG_LOAD") => "this kernel's verifier does not take the program",
            (Errno.EINVAL, "bpf BPF_MAP_CREATE") => "this kernel lacks a kind of map that the programs use",
            (Errno.EOPNOTSUPP, "RTM_NEWLINK (vxlan)") => "this kernel has no vxlan devices (CONFIG_VXLAN)",
            _ => "this kernel refuses a part of the tier",
        };
        return $"The eBPF tier cannot be used: {advice}. {refused.Message}.";
    }

    private static bool Attach(BpfProgram program, int linkIndex)
    {
        using IAttachment attachment = Attachments.Attach(program, new Place(linkIndex, Hook.Ingress, 1));
        attachment.RemoveFromKernel();
        return attachment is TcxLink;
    }

    private static BpfProgram Load(BpfObject source, TierMaps maps, string name) =>
        BpfProgram.Load(source.Programs[name], maps.ByName, source.License);

    // The program returns what bpf_skb_adjust_room returned; one that the kernel refuses says no as well.
    private static bool Adjusts(BpfObject source, TierMaps maps, string name)
    {
        byte[] frame = new byte[FrameLength];
        frame[12] = 0x08;
        frame[14] = 0x45;
        try
        {
            using BpfProgram program = Load(source, maps, name);
            return program.Run(frame) == 0;
        }
        catch (LinuxException)
        {
            return false;
        }
    }
}
