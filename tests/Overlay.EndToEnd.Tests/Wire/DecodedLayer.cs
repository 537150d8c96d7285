using System.Xml.Linq;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>One protocol of a packet, with its fields as tshark prints them.</summary>
internal sealed class DecodedLayer(XElement layer)
{
    public string Name { get; } = (string)layer.Attribute("name")!;

    /// <summary>A field by its name less the protocol's: "ttl" of "ip.ttl".</summary>
    public string this[string field] => (string)layer.Descendants("field")
        .First(element => (string?)element.Attribute("name") == $"{Name}.{field}")
        .Attribute("show")!;
}
