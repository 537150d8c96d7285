using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class FormerFlannelTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "former", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void What_flannel_left_is_removed_and_nothing_else()
    {
        Node.Ip(
            "link add flannel.1 type vxlan id 1 dstport 8472", "link add flannel-v6.1 type vxlan id 101 dstport 8472",
            "link add flannel.2 type vxlan id 2 dstport 8472", "link add vxlan.calico type vxlan id 4096 dstport 4789");
        Remove();
        Links().ShouldNotContain("flannel.1");
        Links().ShouldNotContain("flannel-v6.1");
        Links().ShouldContain("flannel.2");
        Links().ShouldContain("vxlan.calico");
    }

    [Fact]
    public void A_device_of_that_name_that_is_no_VXLAN_device_stays()
    {
        Node.Ip("link add flannel.1 type bridge");
        Remove();
        Links().ShouldContain("flannel.1");
    }

    [Fact]
    public void A_flanneld_that_runs_is_named_and_keeps_its_device()
    {
        using TempDirectory directory = new();
        string flanneld = directory["flanneld"];
        File.Copy("/bin/sleep", flanneld);
        BackgroundProcess running = Node.Start(flanneld, "60");
        try
        {
            // Until then it is the shell that becomes it.
            SpinWait.SpinUntil(() =>
                File.ReadAllText($"/proc/{running.Pid}/comm") == "flanneld\n", TimeSpan.FromSeconds(20)).ShouldBeTrue();
            Node.Ip("link add flannel.1 type vxlan id 1 dstport 8472");
            Should.Throw<ConfigurationException>(Remove).Message.ShouldContain("flanneld (process");
            Links().ShouldContain("flannel.1");
        }
        finally
        {
            running.Stop();
            Directory.Delete(Path.GetDirectoryName(flanneld)!, recursive: true);
        }
    }

    public void Dispose() => _lab.Dispose();

    private void Remove() => Node.Invoke(() => FormerFlannel.Remove(new Vni(1), NullLogger.Instance));

    private IReadOnlyList<string> Links() =>
        [.. Node.Run("ip", "-br", "link").Output.Split('\n').Select(static line => line.Split(' ', '@')[0])];
}
