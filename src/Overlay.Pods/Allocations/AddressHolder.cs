using Overlay.Wire.Values;

namespace Overlay.Pods.Allocations;

/// <summary>An address that is taken, and by whom.</summary>
/// <param name="Address">Taken.</param>
/// <param name="ContainerId">The runtime's id of the container.</param>
/// <param name="InterfaceName">Empty in files of old host-local versions, which did not write it.</param>
public sealed record AddressHolder(IpAddress Address, string ContainerId, string InterfaceName)
{
    /// <summary>True when it is that attachment's; a file without interface name is the whole container's.</summary>
    public bool Is(string containerId, string interfaceName) =>
        ContainerId == containerId && (InterfaceName.Length == 0 || InterfaceName == interfaceName);
}
