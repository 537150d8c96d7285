using Overlay.Cni.Configuration;
using Overlay.Cni.Delegation;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Pods.Attachments;

namespace Overlay.Cni.Commands;

/// <summary>DEL: unplugs a pod. Nothing there is a success; what cannot be removed does not keep the rest.</summary>
/// <param name="configuration">Of the network.</param>
/// <param name="environment">Of the attachment.</param>
internal sealed class DeleteCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    /// <exception cref="CniException">Something is there and cannot be removed; the runtime comes again.</exception>
    public void Run()
    {
        RemovalSteps steps = new();
        steps.Try(() => BridgeNetwork.Detach(
            environment.NetworkNamespacePath,
            environment.InterfaceName,
            CniName.HostInterface(configuration.Name, environment.ContainerId, environment.InterfaceName)));
        steps.Try(new PodIpam(configuration, environment).Delete);

        // Of a pod from before a node came from flannel, whose DEL comes here now, or of one of ours there.
        steps.Try(new FlannelFile(configuration, environment.ContainerId).Remove);
        if (steps.Problems.Count == 0)
        {
            steps.Try(() => new AttachmentRecords(configuration.StateDirectory)
                .Remove(configuration.Name, environment.ContainerId, environment.InterfaceName));
        }

        if (steps.First is { } first)
            throw new CniException(first.Code, string.Join("; ", steps.Problems), first.Details);
    }
}
