using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Tests;

/// <summary>Which packets have to stay in order.</summary>
internal static class FlowKey
{
    /// <summary>Addresses, protocol and ports of a packet.</summary>
    /// <remarks>
    /// A fragment has no ports, so it is of a flow of its own: nobody can tell better without putting it together.
    /// </remarks>
    public static string Of(byte[] packet)
    {
        bool isIpv4 = packet[0] >> 4 == 4;
        string addresses = Convert.ToHexString(isIpv4 ? packet.AsSpan(12, 8) : packet.AsSpan(8, 32));
        byte protocol = packet[isIpv4 ? 9 : 6];
        int transport = isIpv4 ? (packet[0] & 15) * 4 : 40;
        bool isFragment = isIpv4 ? (packet[6] & 0x3f) != 0 || packet[7] != 0 : protocol == IpProtocol.Fragment;
        if (protocol == IpProtocol.DestinationOptions)
        {
            protocol = packet[transport];
            transport += 8;
        }

        bool hasPorts = !isFragment && protocol is IpProtocol.Tcp or IpProtocol.Udp;
        return $"{addresses} {protocol} "
            + $"{(isFragment ? "fragment" : hasPorts ? Convert.ToHexString(packet.AsSpan(transport, 4)) : "")}";
    }
}
