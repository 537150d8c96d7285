using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Commands;

/// <summary>What a call asks of the wiring: ADD to make it, CHECK to compare with.</summary>
internal static class PodRequest
{
    /// <summary>All but MTU and segments, which only ADD decides.</summary>
    /// <param name="configuration">Of the network.</param>
    /// <param name="environment">Of the attachment.</param>
    /// <param name="given">The pod's addresses.</param>
    /// <param name="routes">The pod's routes.</param>
    public static AttachmentRequest For(
        NetworkConfiguration configuration, CniEnvironment environment, IReadOnlyList<PodAddress> given,
        IReadOnlyList<PodRoute> routes)
    {
        List<PodAddress> addresses = [];
        foreach (PodAddress address in given)
        {
            // Some plugins name no gateway; on a bridge that is one, its address is the subnet's first.
            IpAddress? gateway = address.Gateway
                ?? (configuration.Bridge.IsGateway
                    ? new IpPrefix(address.Address, address.PrefixLength).Address.Add(1)
                    : null);
            addresses.Add(new(address.Address, address.PrefixLength, gateway));
        }

        return new()
        {
            ContainerId = environment.ContainerId,
            NetworkNamespacePath = environment.NetworkNamespacePath,
            InterfaceName = environment.InterfaceName,
            HostInterfaceName =
                HostInterface.NameOf(configuration.Name, environment.ContainerId, environment.InterfaceName),
            Bridge = configuration.Bridge,
            Mac = configuration.Mac,
            Addresses = addresses,
            Routes = routes,
        };
    }
}
