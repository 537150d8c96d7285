using System.Net;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.Lab.Processes;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>The program under flanneld's name, with flanneld's flags, in the place of one that ran there.</summary>
public sealed class FlannelDropInTests : IDisposable
{
    private const string Prefix = "/coreos.com/network";

    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "dropin" });
    private EtcdServer _etcd = null!;

    public FlannelDropInTests() => _lab.Guard(() =>
    {
        _etcd = EtcdServer.Start(new EtcdServerOptions { Namespace = _lab.Switch, Address = LabAddresses.OutsideV4 });
        _ = _etcd.Ctl(
            "put", $"{Prefix}/config",
            """{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:10:244::/56","Backend":{"Type":"vxlan","Port":8472}}""");
    });

    private Node A => _lab["a"];

    private Node B => _lab["b"];

    [Fact]
    public void It_takes_flannels_flags_and_variables_and_leaves_the_node_as_flannel_does()
    {
        VxlanPeer former = KernelVxlan.LeaseOf(A);
        KernelVxlan flannel = B.UseKernelVxlan(A);
        foreach (VxlanPeer node in new[] { former, flannel.Lease }) Put(node);
        A.Ip("link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.77.1 dev eth0 nolearning",
            "link set flannel.1 up");
        string program = Path.Combine(A.Directory, "flanneld");
        _ = File.CreateSymbolicLink(program, ProductBinary.Find("overlayd"));

        BackgroundProcess daemon = A.Start("env",
            StartEnvironment.DotnetRoot, $"FLANNELD_ETCD_ENDPOINTS={_etcd.Endpoint.OriginalString}",
            $"OVERLAY_StateDirectory={A.StateDirectory}", $"OVERLAY_Admin__Socket={A.Socket}",
            program, "-iface=eth0", "-ip-masq", $"--subnet-file={A.SubnetFile}", "--healthz-port", "8081",
            "-iptables-resync=5", "-set-node-network-unavailable=false");
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
        flannel.AddPeer(FlannelText.Read(FlannelText.KeyOf(former), ValueOf(FlannelText.KeyOf(former))));
        foreach (IPAddress address in B.Pods[0].Addresses) A.Pods[0].Ping(address).EnsureSuccess();
        foreach (IPAddress address in A.Pods[0].Addresses) B.Pods[0].Ping(address).EnsureSuccess();

        daemon.Stop().ShouldBe(0);
        File.Exists(A.SubnetFile).ShouldBeTrue();
        A.Run("ip", "link", "show", "overlay.1").EnsureSuccess();
        ValueOf(FlannelText.KeyOf(former)).ShouldNotBeEmpty();
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
        _etcd.Dispose();
    }

    private void Put(VxlanPeer node)
    {
        string lease = _etcd.Ctl("lease", "grant", "86400").Split(' ')[1];
        _ = _etcd.Ctl(
            "put", "--lease", lease, $"{Prefix}/subnets/{FlannelText.KeyOf(node)}", FlannelText.ValueOf(node));
    }

    private string ValueOf(string key) =>
        _etcd.Ctl("get", "--print-value-only", $"{Prefix}/subnets/{key}").TrimEnd('\n');
}
