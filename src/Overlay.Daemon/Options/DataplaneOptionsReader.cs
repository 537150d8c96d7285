using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Options;

/// <summary>Reads section Dataplane.</summary>
internal static class DataplaneOptionsReader
{
    public static DataplaneOptions Read(SectionReader dataplane)
    {
        DataplaneOptions options = new()
        {
            Tier = dataplane.Choice(
                "Tier", Tier.UserSpace,
                "What forwards packets: UserSpace, the daemon's workers; Ebpf, programs in the kernel, or the start ends with "
                + "the reason; Auto, Ebpf where the kernel has all it takes, else UserSpace."),
            PinDirectories = dataplane.DirectoryOf(
                "PinDirectory", ["/run/overlay-bpf", "/sys/fs/bpf/overlay"],
                "A directory in a bpffs, in which tier Ebpf outlives a crash or restart of the daemon. By default the first of "
                + "the two that is in a bpffs: the systemd unit's own, and the host's."),
            Queues = dataplane.Integer(
                "Queues", 0, 0, DataplaneOptions.MostQueues,
                "Number of queues, each with one worker; 0 takes half the processors, at least one."),
            BusyPoll = TimeSpan.FromMicroseconds(dataplane.Integer(
                "BusyPollMicroseconds", 50, 0, 1000,
                "How long a worker whose packets follow closely looks for the next one before it sleeps. An idle "
                + "worker sleeps at once.")),
            PinWorkers = dataplane.Boolean("PinWorkers", false, "Each worker stays on one processor."),
            LearnSenders = dataplane.Boolean(
                "LearnSenders", true,
                "A peer may send from an address that its lease lacks, as flannel before 0.27.4 does with --public-ip: "
                + "taken as its own where inner source, MAC and VNI fit that peer and no lease has the address."),
            Offloads = dataplane.Flags(
                "Offloads", Offloads.All, "Offloads to use where the kernel has them; None alone for none."),
        };
        dataplane.RefuseUnknown();
        return options;
    }
}
