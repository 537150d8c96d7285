using System.Buffers;
using System.Diagnostics;
using System.Net;
using Overlay.Wire.Captures;
using PacketDotNet;
using SharpPcap;
using SharpPcap.LibPcap;

namespace Overlay.Cli.Captures;

/// <summary>Packets as an interface of the host has them, by libpcap.</summary>
/// <param name="options">The packets that are wanted.</param>
/// <param name="host">The interface.</param>
/// <param name="output">Gets the packets.</param>
internal sealed class HostCapture(CaptureOptions options, HostInterface host, CaptureOutput output)
{
    // Outer headers in front of an inner packet: Ethernet with a tag, IPv6, UDP, VXLAN, Ethernet.
    private const int OuterHeaders = 18 + 40 + 8 + 8 + 14;
    private const int Patience = 100;

    private readonly ArrayBufferWriter<byte> _block = new();
    private readonly IPAddress? _pod = IPAddress.TryParse(options.Pod, out IPAddress? pod) ? pod : null;

    /// <summary>Passes packets on until the count, the time or the user ends it.</summary>
    /// <exception cref="CliException">The interface cannot be captured on, or libpcap is missing.</exception>
    public void Run(CancellationToken cancellation)
    {
        try
        {
            using LibPcapLiveDevice device = Open();
            output.Open($"on {host.Name}");
            Pass(device, cancellation);
        }
        catch (Exception exception) when (
            exception is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new CliException("libpcap is missing: apt install libpcap0.8", ExitCode.Failure);
        }
        catch (PcapException exception)
        {
            string advice = Environment.IsPrivilegedProcess ? "" : "; use sudo";
            throw new CliException($"--interface {host.Name}: {exception.Message.TrimEnd()}{advice}", ExitCode.Failure);
        }
    }

    private LibPcapLiveDevice Open()
    {
        LibPcapLiveDevice device = LibPcapLiveDeviceList.New().FirstOrDefault(device => device.Name == host.Name)
            ?? throw new CliException($"--interface {host.Name}: there is no such interface", ExitCode.Failure);
        device.Open(new DeviceConfiguration
        {
            Snaplen = options.Snap + OuterHeaders,
            ReadTimeout = Patience,
            Immediate = true,
        });
        device.Filter = Filter();
        return device;
    }

    // Inner addresses are no matter of libpcap's filter: it does not look into VXLAN.
    private string Filter()
    {
        List<string> parts = [];
        if (host.IsUnderlay) parts.Add($"udp port {host.Port}");
        else if (_pod is not null) parts.Add($"host {_pod}");
        if (options.Peer is { } peer) parts.Add(host.Peers.FilterFor(peer, host.IsUnderlay));
        return string.Join(" and ", parts);
    }

    private void Pass(LibPcapLiveDevice device, CancellationToken cancellation)
    {
        PacketText.UseVxlanPort(host.Port);
        LinkType link = device.LinkType == LinkLayers.Ethernet ? LinkType.Ethernet : LinkType.Raw;
        PcapngWriter.Section(_block, "overlayctl");
        PcapngWriter.Interface(_block, host.Name, link, options.Snap + OuterHeaders);
        output.Block(_block);
        Stopwatch watch = Stopwatch.StartNew();
        while (!cancellation.IsCancellationRequested && output.Count < (options.Count ?? long.MaxValue)
            && watch.Elapsed < (options.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue))
        {
            GetPacketStatus status = device.GetNextPacket(out PacketCapture capture);
            if (status == GetPacketStatus.PacketRead) Pass(capture.GetPacket(), link);
            else if (status != GetPacketStatus.ReadTimeout)
                throw new CliException($"--interface {host.Name}: {device.LastError}", ExitCode.Failure);
        }

        output.Missed = device.Statistics.DroppedPackets;
        PcapngWriter.Statistics(_block, 0, DateTime.UtcNow, output.Count + output.Missed, output.Missed);
        output.Block(_block);
    }

    private void Pass(RawCapture raw, LinkType link)
    {
        IPPacket? outer = PacketText.IpOf(PacketText.Read(
            link == LinkType.Ethernet ? LinkLayers.Ethernet : LinkLayers.Raw, raw.Data));
        VxlanPacket? vxlan = host.IsUnderlay ? PacketText.VxlanOf(outer) : null;
        IPPacket? inner = vxlan is null ? outer : PacketText.IpOf(vxlan);
        bool isWanted = _pod is null
            || (inner is not null && (inner.SourceAddress.Equals(_pod) || inner.DestinationAddress.Equals(_pod)));
        if (!isWanted) return;

        string? peer = outer is null ? null : host.Peers.Find(outer.SourceAddress, outer.DestinationAddress);
        PacketWay way = WayOf(outer);
        string comment = peer is null ? "" : $"node {peer}";
        if (!output.IsLines)
        {
            PcapngWriter.Packet(_block, 0, raw.Timeval.Date, raw.Data, raw.PacketLength, way, comment);
            output.Block(_block);
        }

        string place = vxlan is null
            ? host.Name
            : $"{host.Name}  {outer!.SourceAddress} > {outer.DestinationAddress} VXLAN VNI {vxlan.Vni}";
        output.Packet(() => CaptureLine.Of(
            raw.Timeval.Date, way, peer is null ? place : $"{place} {comment}", PacketText.FlowOf(inner),
            raw.PacketLength));
    }

    private PacketWay WayOf(IPPacket? outer) => outer is null ? PacketWay.Unknown
        : host.IsUnderlay
            ? host.Own.Contains(outer.SourceAddress) ? PacketWay.Out : PacketWay.In
        : host.Peers.Find(outer.DestinationAddress) is not null ? PacketWay.Out
        : host.Peers.Find(outer.SourceAddress) is not null ? PacketWay.In
        : PacketWay.Unknown;
}
