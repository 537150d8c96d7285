namespace Overlay.ControlPlane.State;

/// <summary>What all nodes have in common, in the words of flannel's net-conf.json where it has one.</summary>
internal sealed record NetworkDocument(
    string? Network, string? IPv6Network, int SubnetLen, int IPv6SubnetLen, uint VNI, ushort Port, int MTU, bool DirectRouting);
