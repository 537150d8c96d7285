using System.Runtime.InteropServices;
using Overlay.Host.Interop;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    private const int TcMessageLength = 20;

    /// <summary>Gives a device the queueing discipline that filters hang on; one that is there already stays.</summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void EnsureClsact(int linkIndex)
    {
        NetlinkMessage request = new NetlinkMessage(
            RtNetlink.RTM_NEWQDISC, RtNetlink.NLM_F_CREATE | RtNetlink.NLM_F_EXCL | RtNetlink.NLM_F_ACK,
            TcMessage(linkIndex, RtNetlink.TC_H_CLSACT_HANDLE, RtNetlink.TC_H_CLSACT, 0))
            .Add(RtNetlink.TCA_KIND, "clsact");
        try
        {
            _socket.Request(request, "RTM_NEWQDISC (clsact)", $"device {linkIndex}");
        }
        catch (LinuxException there) when (there.Errno == Errno.EEXIST)
        {
            // Another's, or an earlier process's.
        }
    }

    /// <summary>
    /// Puts a BPF program on a device's hook, in direct-action mode; replaces the filter of that place.
    /// </summary>
    /// <param name="linkIndex">Interface index.</param>
    /// <param name="isIngress">Which hook of clsact.</param>
    /// <param name="priority">The lower runs first.</param>
    /// <param name="handle">Of the filter within its priority.</param>
    /// <param name="program">The program's descriptor.</param>
    /// <param name="name">How tc(8) lists it.</param>
    /// <exception cref="LinuxException">The kernel refused, or the device has no clsact.</exception>
    public void SetBpfFilter(int linkIndex, bool isIngress, ushort priority, uint handle, int program, string name)
    {
        NetlinkMessage request = new NetlinkMessage(
            RtNetlink.RTM_NEWTFILTER, RtNetlink.NLM_F_CREATE | RtNetlink.NLM_F_REPLACE | RtNetlink.NLM_F_ACK,
            TcMessage(linkIndex, handle, ParentOf(isIngress), InfoOf(priority)))
            .Add(RtNetlink.TCA_KIND, "bpf");
        int options = request.BeginNested(RtNetlink.TCA_OPTIONS);
        _ = request.Add(RtNetlink.TCA_BPF_FD, (uint)program)
            .Add(RtNetlink.TCA_BPF_NAME, name)
            .Add(RtNetlink.TCA_BPF_FLAGS, RtNetlink.TCA_BPF_FLAG_ACT_DIRECT);
        request.EndNested(options);
        _socket.Request(request, "RTM_NEWTFILTER (bpf)", $"{name} on device {linkIndex}");
    }

    /// <summary>Removes a filter; false when there is none, or no such device.</summary>
    /// <inheritdoc cref="SetBpfFilter"/>
    public bool TryRemoveFilter(int linkIndex, bool isIngress, ushort priority, uint handle)
    {
        NetlinkMessage request = new NetlinkMessage(
            RtNetlink.RTM_DELTFILTER, RtNetlink.NLM_F_ACK,
            TcMessage(linkIndex, handle, ParentOf(isIngress), InfoOf(priority)))
            .Add(RtNetlink.TCA_KIND, "bpf");
        try
        {
            _socket.Request(request, "RTM_DELTFILTER", $"device {linkIndex}");
            return true;
        }
        catch (LinuxException gone)
            when (gone.Errno is Errno.ENOENT or Errno.ENODEV or Errno.EINVAL or Errno.EOPNOTSUPP)
        {
            // EOPNOTSUPP: a kernel without filters at all (CONFIG_NET_CLS).
            return false;
        }
    }

    // Of every protocol: the upper half is the priority, the lower ETH_P_ALL in network order.
    private static uint InfoOf(ushort priority) =>
        ((uint)priority << 16) | (BitConverter.IsLittleEndian ? 0x0300u : 0x0003u);

    private static uint ParentOf(bool isIngress) =>
        isIngress ? RtNetlink.TC_H_CLSACT_INGRESS : RtNetlink.TC_H_CLSACT_EGRESS;

    // struct tcmsg: family and padding (4), index, handle, parent, info
    private static byte[] TcMessage(int linkIndex, uint handle, uint parent, uint info)
    {
        byte[] message = new byte[TcMessageLength];
        MemoryMarshal.Write(message.AsSpan(4), linkIndex);
        MemoryMarshal.Write(message.AsSpan(8), handle);
        MemoryMarshal.Write(message.AsSpan(12), parent);
        MemoryMarshal.Write(message.AsSpan(16), info);
        return message;
    }
}
