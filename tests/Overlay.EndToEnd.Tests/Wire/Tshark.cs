using System.Xml.Linq;
using Overlay.Lab;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>The independent decoder of what our daemons put on the wire.</summary>
internal static class Tshark
{
    // Else a random payload behind a random port is now and then taken for some protocol, and called malformed.
    private const string EphemeralPorts = "32768-60999";

    private static readonly string[] _options =
    [
        "-n", "-T", "pdml",
        "-d", "udp.port==8472,vxlan",
        "-d", $"udp.port=={EphemeralPorts},data",
        "-d", $"tcp.port=={EphemeralPorts},data",
        "-o", "ip.check_checksum:TRUE",
        "-o", "udp.check_checksum:TRUE",
        "-o", "tcp.check_checksum:TRUE",
    ];

    /// <summary>Every packet of a capture; inside says in which namespace the program runs, nothing more.</summary>
    public static IReadOnlyList<DecodedPacket> Decode(NetworkNamespace inside, string capture)
    {
        string pdml = inside.Run("tshark", ["-r", capture, .. _options]).EnsureSuccess().Output;
        return [.. XDocument.Parse(pdml).Root!.Elements("packet").Select(packet => new DecodedPacket(packet))];
    }
}
