namespace Overlay.Cni.Protocol;

/// <summary>An interface a result names: the bridge, or an end of a pair.</summary>
/// <param name="Name">In its namespace.</param>
/// <param name="Mac">As text; empty where it is not known.</param>
/// <param name="Mtu">Bytes; 0 = not known.</param>
/// <param name="Sandbox">Path of the namespace; empty for the node's.</param>
internal sealed record CniInterface(string Name, string Mac, uint Mtu, string Sandbox);
