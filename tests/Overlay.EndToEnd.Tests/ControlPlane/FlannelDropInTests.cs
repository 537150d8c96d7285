using System.Net;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>The program under flanneld's name, with flanneld's flags, in the place of one that ran there.</summary>
public sealed class FlannelDropInTests : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "dropin" });
    private FlannelStore _store = null!;

    public FlannelDropInTests() => _lab.Guard(() => _store = new FlannelStore(_lab));

    private Node A => _lab["a"];

    private Node B => _lab["b"];

    [Fact]
    public void It_takes_flannels_flags_and_variables_and_leaves_the_node_as_flannel_does()
    {
        VxlanPeer former = KernelVxlan.LeaseOf(A);
        KernelVxlan flannel = B.UseKernelVxlan(A);
        foreach (VxlanPeer node in new[] { former, flannel.Lease }) _store.Put(node);
        A.Ip("link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.77.1 dev eth0 nolearning",
            "link set flannel.1 up");
        string program = Path.Combine(A.Directory, "flanneld");
        _ = File.CreateSymbolicLink(program, ProductBinary.Find("overlayd"));

        BackgroundProcess daemon = Start(program);
        Waiting.For(() => File.Exists(A.SubnetFile), 40);
        File.ReadAllText(A.SubnetFile).ShouldBe(
            """
            FLANNEL_NETWORK=10.244.0.0/16
            FLANNEL_SUBNET=10.244.1.1/24
            FLANNEL_IPV6_NETWORK=fd00:10:244::/56
            FLANNEL_IPV6_SUBNET=fd00:10:244:1::1/64
            FLANNEL_MTU=1430
            FLANNEL_IPMASQ=true

            """);
        Cluster.WaitForPeers(A, 1);
        AdminSocket.GetLoopback(A, 8081, "healthz").ShouldBe("overlayd is running\n");
        A.Run("ip", "link", "show", "flannel.1").Succeeded.ShouldBeFalse();
        daemon.WaitForLog("-set-node-network-unavailable=false changes nothing");
        flannel.AddPeer(_store.Read(A));
        foreach (IPAddress address in B.Pods[0].Addresses) A.Pods[0].Ping(address).EnsureSuccess();
        foreach (IPAddress address in A.Pods[0].Addresses) B.Pods[0].Ping(address).EnsureSuccess();

        daemon.Stop().ShouldBe(0);
        File.Exists(A.SubnetFile).ShouldBeTrue();
        A.Run("ip", "link", "show", "overlay.1").EnsureSuccess();
        _store.ValueOf(former).ShouldNotBeEmpty();

        // The next container has nothing of the one before but the subnet file's directory.
        BackgroundProcess next = Start(program);
        next.WaitForLog("overlay.1, left by an earlier run, is taken over", TimeSpan.FromSeconds(30));
        Cluster.WaitForPeers(A, 1);
        next.Kill();
        _ = next.WaitForExit(TimeSpan.FromSeconds(10));
        BackgroundProcess last = Start(program);
        Waiting.For(() => A.Overlayctl("ready").Succeeded, 30);
        foreach (IPAddress address in B.Pods[0].Addresses) A.Pods[0].Ping(address).EnsureSuccess();
        last.Stop().ShouldBe(0);
    }

    [Fact]
    public void A_flag_that_flannel_does_not_have_ends_the_start_with_one_line()
    {
        CommandResult result = A.Run(
            "env", StartEnvironment.DotnetRoot, ProductBinary.Find("overlayd"), "flannel", "-ip-mask");
        result.ExitCode.ShouldBe(78);
        result.Error.Trim().ShouldBe("overlayd: bad configuration: argument '-ip-mask' is no flag of flanneld; example: "
            + "flanneld -kube-subnet-mgr -ip-masq -iface=eth0");
    }

    public void Dispose()
    {
        _lab.Dispose();
        _store.Dispose();
    }

    private BackgroundProcess Start(string program) => A.Start(
        "env", StartEnvironment.DotnetRoot, $"FLANNELD_ETCD_ENDPOINTS={_store.Endpoint}",
        $"OVERLAY_Admin__Socket={A.Socket}", program, "-iface=eth0", "-ip-masq", $"--subnet-file={A.SubnetFile}",
        "--healthz-port", "8081", "-iptables-resync=5", "-set-node-network-unavailable=false");
}
