using Overlay.Cni.Configuration;
using Overlay.Cni.Delegation;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Pods.Allocations;
using Overlay.Pods.Attachments;

namespace Overlay.Cni.Commands;

/// <summary>GC: removes every attachment of the network that the runtime does not list.</summary>
/// <param name="configuration">Of the network, with the list.</param>
/// <param name="environment">Without an attachment.</param>
internal sealed class GarbageCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    private readonly AttachmentRecords _records = new(configuration.StateDirectory);
    private readonly AddressStore _store = new(configuration.Ipam.DataDirectory, configuration.Name);
    private readonly RemovalSteps _steps = new();

    /// <exception cref="CniException">Names all that could not be removed; the rest is gone.</exception>
    public void Run()
    {
        IReadOnlyList<(string ContainerId, string InterfaceName)> valid = configuration.ValidAttachments
            ?? throw new CniException(
            CniErrorCode.InvalidConfiguration,
            "cni.dev/valid-attachments is missing; example: [{\"containerID\": \"a1b2\", \"ifname\": \"eth0\"}]");
        if (!configuration.Ipam.IsOwn)
            _steps.Try(() => DelegatePlugin.Find(configuration.Ipam.Type, environment.PluginDirectories)
                .Run("GC", configuration.Text));

        List<string> problems = [];
        foreach (AttachmentRecord record in _records.List(problems))
        {
            if (record.Network != configuration.Name || valid.Contains((record.ContainerId, record.InterfaceName)))
                continue;
            Remove(record);
            RemoveFile(record.ContainerId, valid);
        }

        if (configuration.Ipam.IsOwn)
        {
            // What flannel's plugins or a lost state directory left: allocations that no record speaks of.
            foreach (AddressHolder holder in _store.Holders())
            {
                if (valid.Any(attachment => holder.Is(attachment.ContainerId, attachment.InterfaceName))) continue;
                Remove(holder);
                RemoveFile(holder.ContainerId, valid);
            }
        }

        _steps.Try(() => _records.RemoveHalves(configuration.Name));
        problems.AddRange(_steps.Problems);
        if (problems.Count > 0) throw new CniException(CniErrorCode.Garbage, string.Join("; ", problems));
    }

    // A container has one file for all its interfaces.
    private void RemoveFile(string containerId, IReadOnlyList<(string ContainerId, string InterfaceName)> valid)
    {
        if (!valid.Any(attachment => attachment.ContainerId == containerId))
            _steps.Try(new FlannelFile(configuration, containerId).Remove);
    }

    // By the node's side of the pair alone: the path of a namespace may be another pod's by now.
    private void Remove(AttachmentRecord record)
    {
        int before = _steps.Problems.Count;
        _steps.Try(() => BridgeNetwork.Detach(record.HostInterfaceName));
        if (record.IpamType == AttachmentRecord.HostLocal)
        {
            AddressStore store = new(record.IpamDirectory, record.Network);
            _steps.Try(() => AddressAllocator.Release(store, record.ContainerId, record.InterfaceName));
        }

        if (_steps.Problems.Count == before)
            _steps.Try(() => _records.Remove(record.Network, record.ContainerId, record.InterfaceName));
    }

    private void Remove(AddressHolder holder)
    {
        string hostInterface = HostInterface.NameOf(configuration.Name, holder.ContainerId, holder.InterfaceName);
        _steps.Try(() => BridgeNetwork.Detach(hostInterface));
        _steps.Try(() => AddressAllocator.Release(_store, holder.ContainerId, holder.InterfaceName));
    }
}
