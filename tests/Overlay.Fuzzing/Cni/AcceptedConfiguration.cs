using System.Text.Json;
using Overlay.Cni.Commands;
using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Fuzzing.Targets;
using Overlay.Host.Files;
using Overlay.Pods.Names;
using Overlay.Pods.Ranges;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Cni;

/// <summary>
/// A configuration that was accepted: what a call would make of it can be made, and is what was read.
/// </summary>
internal sealed class AcceptedConfiguration : IDisposable
{
    // With interfaces, routes and MTUs, and in the form of lists; the older form has less.
    private static readonly string[] _versions = [CniVersion.V031, CniVersion.V100, CniVersion.V110];

    private readonly TempDirectory _directory = new();
    private readonly string _subnetFile;

    public AcceptedConfiguration()
    {
        _subnetFile = _directory["subnet.env"];
        new SubnetFile(
            [IpPrefix.Parse("10.244.0.0/16"), IpPrefix.Parse("fd00:10:244::/56")],
            [IpPrefix.Parse("10.244.1.0/24"), IpPrefix.Parse("fd00:10:244:1::/64")], 1450, IpMasq: true)
            .Write(_subnetFile);
    }

    public void Check(NetworkConfiguration configuration, CniEnvironment environment)
    {
        // These become names of files and devices.
        Invariant.Holds(CniName.IsIdentifier(configuration.Name) && !configuration.Name.Contains('/'));
        Invariant.Holds(CniName.IsInterface(configuration.Bridge.Name));
        Invariant.Holds(CniName.IsIdentifier(configuration.Ipam.Type));
        Invariant.Holds(configuration.Mtu <= 65535 && configuration.Mac is not { IsMulticast: true });
        if (environment.Command is "ADD" or "DEL" or "CHECK")
            Invariant.Holds(CniName.IsInterface(
                HostInterface.NameOf(configuration.Name, environment.ContainerId, environment.InterfaceName)));
        CheckPlan(configuration);
        if (configuration.PreviousResult is not { } previous) return;
        CheckResult(previous);
        AttachmentRequest request =
            PodRequest.For(configuration, environment, [.. previous.Addresses], previous.Routes);
        Invariant.Holds(request.Addresses.Count == previous.Addresses.Count, "each address is asked for");
    }

    public void Dispose() => _directory.Dispose();

    private void CheckPlan(NetworkConfiguration configuration)
    {
        PodPlan plan;
        try
        {
            plan = PodPlan.For(configuration with { SubnetFile = _subnetFile });
        }
        catch (CniException refused)
        {
            Invariant.Holds(refused.Code is CniErrorCode.InvalidConfiguration or CniErrorCode.TryAgainLater);
            return;
        }

        Invariant.Holds(plan.Gateways().Count == plan.RangeSets.Count, "each range set has a gateway");
        Invariant.Holds(plan.Mtu > 0 && plan.SegmentLimit <= 65507);
        foreach (RangeSet set in plan.RangeSets)
        {
            foreach (AddressRange range in set.Ranges)
            {
                Invariant.Holds(set.Find(range.Start) is not null && set.Find(range.End) is not null);

                // The gateway alone is a range too, as it is to host-local: of no address, which ADD says.
                Invariant.Holds(
                    range.Start.Value <= range.End.Value && (range.Count > 0 || range.Start == range.Gateway),
                    "a range has addresses");
            }
        }
    }

    private static void CheckResult(CniResult result)
    {
        foreach (string version in _versions)
        {
            byte[] written = Write(result, version);
            using JsonDocument document = JsonDocument.Parse(written);
            Invariant.Same(
                Write(CniResultReader.Read(document.RootElement, ""), version), written,
                "a result that is written, read and written again");
        }
    }

    private static byte[] Write(CniResult result, string version)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text)) CniResultWriter.Write(json, result, version);
        return text.ToArray();
    }
}
