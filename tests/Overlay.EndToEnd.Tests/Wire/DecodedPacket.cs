using System.Xml.Linq;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>A VXLAN packet as tshark reads it: the layers outside and those inside.</summary>
internal sealed class DecodedPacket
{
    private const int ExpertError = 0x80_0000;

    // What tshark says of the frame rather than of its bytes.
    private static readonly string[] _notes = ["geninfo", "frame"];

    private readonly XElement _packet;

    public DecodedPacket(XElement packet)
    {
        _packet = packet;
        DecodedLayer[] layers =
            [.. packet.Elements("proto")
                .Select(layer => new DecodedLayer(layer)).Where(layer => !_notes.Contains(layer.Name))];
        layers.Select(layer => layer.Name).ShouldContain("vxlan", packet.ToString());
        Outer = [.. layers.TakeWhile(layer => layer.Name != "vxlan")];
        Vxlan = layers[Outer.Count];
        Inner = [.. layers.Skip(Outer.Count + 1)];
    }

    public IReadOnlyList<DecodedLayer> Outer { get; }

    public DecodedLayer Vxlan { get; }

    public IReadOnlyList<DecodedLayer> Inner { get; }

    /// <summary>
    /// What tshark calls wrong: malformed layers, and remarks of its gravest kind, bad checksums among them.
    /// </summary>
    public IEnumerable<string> Errors => _packet.Descendants()
        .Where(element => IsMalformed(element) || Severity(element) >= ExpertError)
        .Select(element => element.ToString());

    /// <summary>The inner addresses and ports: one value a flow, one way.</summary>
    public string InnerFlow
    {
        get
        {
            DecodedLayer ip = Inner[1];
            DecodedLayer transport = Inner[2];
            string ports = transport.Name is "udp" or "tcp" ? $" {transport["srcport"]} {transport["dstport"]}" : "";
            return $"{transport.Name} {ip["src"]} {ip["dst"]}{ports}";
        }
    }

    public override string ToString() => _packet.ToString();

    private static bool IsMalformed(XElement element) => (string?)element.Attribute("name") == "_ws.malformed";

    private static int Severity(XElement element) =>
        (string?)element.Attribute("name") == "_ws.expert.severity" ? (int)element.Attribute("show")! : 0;
}
