using Overlay.Cni.Configuration;
using Overlay.Cni.Delegation;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Pods.Attachments;
using Overlay.Wire.Values;

namespace Overlay.Cni.Commands;

/// <summary>DEL: unplugs a pod. Nothing there is a success; what cannot be removed does not keep the rest.</summary>
/// <param name="configuration">Of the network.</param>
/// <param name="environment">Of the attachment.</param>
internal sealed class DeleteCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    private readonly AttachmentRecords _records = new(configuration.StateDirectory);
    private readonly PodIpam _ipam = new(configuration, environment);

    /// <exception cref="CniException">Something is there and cannot be removed; the runtime comes again.</exception>
    public void Run()
    {
        RemovalSteps steps = new();
        steps.Try(() => BridgeNetwork.Detach(
            environment.NetworkNamespacePath,
            environment.InterfaceName,
            HostInterface.NameOf(configuration.Name, environment.ContainerId, environment.InterfaceName),
            OwnAddresses));
        steps.Try(_ipam.Delete);

        // Of a pod from before a node came from flannel, whose DEL comes here now, or of one of ours there.
        steps.Try(new FlannelFile(configuration, environment.ContainerId).Remove);
        if (steps.Problems.Count == 0)
            steps.Try(() => _records.Remove(configuration.Name, environment.ContainerId, environment.InterfaceName));

        if (steps.First is { } first)
            throw new CniException(first.Code, string.Join("; ", steps.Problems), first.Details);
    }

    // Another IPAM plugin's allocations are not ours to read, so the result of ADD tells them; but what that plugin has
    // freed meanwhile may be the next pod's there.
    private IReadOnlyList<IpAddress> OwnAddresses() => configuration.Ipam.IsOwn
        ? _ipam.Held()
        : IsAnothersNamespace() || configuration.PreviousResult is not { } previous
            ? []
            : [.. previous.Addresses.Select(static address => address.Address)];

    private bool IsAnothersNamespace() => _records.List([]).Any(record =>
        record.NetworkNamespacePath == environment.NetworkNamespacePath
        && record.InterfaceName == environment.InterfaceName
        && record.ContainerId != environment.ContainerId);
}
