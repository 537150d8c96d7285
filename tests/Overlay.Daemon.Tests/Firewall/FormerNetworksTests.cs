using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Firewall;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>Tables and chains of networks whose device is gone, whatever the VNI.</summary>
public sealed class FormerNetworksTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "formernets", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Theory]
    [InlineData("OVERLAY-FORWARD-7", "overlay.7")]
    [InlineData("OVERLAY-FORWARD-9999999", "overlay.9999999")]
    [InlineData("OVERLAY-FORWARD-10000000", "overlay10000000")]
    [InlineData("overlay-16777215", "overlay16777215")]
    public void A_network_without_its_device_is_former_and_one_with_it_is_not(string name, string device)
    {
        Owns(name).ShouldBeTrue();
        Node.Ip($"link add name {device} type bridge");
        Owns(name).ShouldBeFalse();
    }

    [Theory]
    [InlineData("OVERLAY-FORWARD-1")]
    [InlineData("OVERLAY-FORWARD-16777216")]
    [InlineData("overlay-99999999999999")]
    [InlineData("overlay-007")]
    [InlineData("overlay")]
    public void The_own_network_and_names_of_no_network_are_left_alone(string name) => Owns(name).ShouldBeFalse();

    public void Dispose() => _lab.Dispose();

    private bool Owns(string name) =>
        Node.Invoke(() => new FormerNetworks(new Vni(1), NullLogger.Instance).Owns(name));
}
