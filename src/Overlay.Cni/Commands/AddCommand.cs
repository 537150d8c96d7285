using Overlay.Cni.Configuration;
using Overlay.Cni.Delegation;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Pods.Attachments;
using Overlay.Wire.Values;

namespace Overlay.Cni.Commands;

/// <summary>ADD: plugs a pod in. Whatever fails, nothing of it stays.</summary>
/// <param name="configuration">Of the network.</param>
/// <param name="environment">Of the attachment.</param>
internal sealed class AddCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    private readonly AttachmentRecords _records = new(configuration.StateDirectory);
    private readonly PodIpam _ipam = new(configuration, environment);
    private readonly FlannelFile _flannel = new(configuration, environment.ContainerId);
    private readonly string _hostInterface =
        HostInterface.NameOf(configuration.Name, environment.ContainerId, environment.InterfaceName);

    /// <param name="answer">Writes the result; its failure undoes the attachment too.</param>
    /// <exception cref="CniException">It could not be made.</exception>
    public void Run(Action<CniResult> answer)
    {
        PodPlan plan = PodPlan.For(configuration);
        RequireFamiliesOfVersion(plan);

        // One that is there belongs to an ADD before, whose DEL needs it. It is young again, or what is given now would
        // be taken for what has been left.
        bool known = _records.Find(configuration.Name, environment.ContainerId, environment.InterfaceName) is not null;
        _records.Write(Record());
        bool hasAddresses = false;
        bool isAttached = false;
        try
        {
            CniResult ipam = _ipam.Add(plan);
            hasAddresses = true;
            Attachment attachment = BridgeNetwork.Attach(PodRequest.For(configuration, environment, ipam.Addresses,
                ipam.Routes) with
            { Mtu = plan.Mtu, SegmentLimit = plan.SegmentLimit, Former = plan.Former });
            isAttached = true;
            _flannel.Write(plan.RangeSets);
            answer(Result(ipam, attachment));
        }
        catch (Exception exception)
            when (exception is CniException or IOException or UnauthorizedAccessException or FormatException)
        {
            throw Undo(exception, known, hasAddresses, isAttached);
        }
    }

    private AttachmentRecord Record() => new()
    {
        Network = configuration.Name,
        ContainerId = environment.ContainerId,
        InterfaceName = environment.InterfaceName,
        NetworkNamespacePath = environment.NetworkNamespacePath,
        HostInterfaceName = _hostInterface,
        IpamType = configuration.Ipam.Type,
        IpamDirectory = configuration.Ipam.DataDirectory,
        Time = DateTimeOffset.UtcNow,
    };

    private CniResult Result(CniResult ipam, Attachment made)
    {
        List<CniAddress> addresses = [];
        foreach (CniAddress address in ipam.Addresses) addresses.Add(address with { Interface = 2 });
        return new()
        {
            Interfaces =
            [
                new(made.BridgeName, made.BridgeMac.ToString(), 0, ""),
                new(made.HostInterfaceName, made.HostMac.ToString(), made.Mtu, ""),
                new(made.InterfaceName, made.Mac.ToString(), made.Mtu, made.Sandbox),
            ],
            Addresses = addresses,
            Routes = made.Routes,
            Dns = configuration.Dns == CniDns.None ? ipam.Dns : configuration.Dns,
        };
    }

    // Before 0.3.0 a result has room for one address of each family.
    private void RequireFamiliesOfVersion(PodPlan plan)
    {
        if (CniVersion.IsAtLeast(configuration.Version, CniVersion.V030)) return;
        foreach (IpFamily family in (ReadOnlySpan<IpFamily>)[IpFamily.IPv4, IpFamily.IPv6])
        {
            if (plan.RangeSets.Count(set => set.Family == family) > 1)
            {
                throw new CniException(
                    CniErrorCode.InvalidConfiguration,
                    $"cniVersion {configuration.Version} knows one {family} address a pod, and ipam.ranges has "
                    + "several sets; example: \"cniVersion\": \"1.0.0\"");
            }
        }
    }

    private CniException Undo(Exception cause, bool known, bool hasAddresses, bool isAttached)
    {
        RemovalSteps steps = new();
        if (isAttached)
            steps.Try(() => BridgeNetwork.Detach(_hostInterface));
        if (hasAddresses) steps.Try(_ipam.Delete);
        if (isAttached && !known) steps.Try(_flannel.Remove);

        // With something left, the record stays: by it DEL, GC or the daemon come back to it.
        if (!known && steps.Problems.Count == 0)
            steps.Try(() => _records.Remove(configuration.Name, environment.ContainerId, environment.InterfaceName));
        CniException error = cause as CniException ?? new CniException(CniErrorCode.InputOutput, cause.Message);
        return steps.Problems.Count == 0
            ? error
            : new(error.Code, error.Message, $"{error.Details} not undone: {string.Join("; ", steps.Problems)}".Trim());
    }
}
