using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>overlayctl capture on an interface of the host, by libpcap.</summary>
public sealed class InterfaceCaptureTests : IDisposable
{
    // A port of its own: the decoder has another one by default.
    private readonly Cluster _cluster = Cluster.Start(new LabOptions { Name = "pcap", Port = 8999, Vni = 77 });
    private readonly Node _a;
    private readonly Pod _from;
    private readonly Pod _to;

    public InterfaceCaptureTests() =>
        (_a, _from, _to) = _cluster.Guard(() => (_cluster["a"], _cluster["a"].Pods[0], _cluster["b"].Pods[0]));

    [Theory]
    [InlineData("--interface", "underlay")]
    [InlineData("--outer")]
    public void On_the_underlay_a_line_has_the_tunnel_its_vni_the_peer_and_the_inner_flow(params string[] arguments)
    {
        CaptureRun run = new(_a, [.. arguments, "--peer", "b", "--pod", $"{_from.AddressV4}", "-c", "2"]);
        _from.Ping(_to.AddressV6!, 1).EnsureSuccess();
        _from.Ping(_to.AddressV4!, 1).EnsureSuccess();
        IReadOnlyList<string> lines = run.WaitForEnd();
        (string here, string there) = ($"{_a.UnderlayV4}", $"{_cluster["b"].UnderlayV4}");
        lines[0].ShouldEndWith($"  out  eth0  {here} > {there} VXLAN VNI 77 node b  "
            + $"{_from.AddressV4} > {_to.AddressV4} ICMP echo request  148 bytes");
        lines[1].ShouldEndWith($"  in   eth0  {there} > {here} VXLAN VNI 77 node b  "
            + $"{_to.AddressV4} > {_from.AddressV4} ICMP echo reply  148 bytes");
        lines[2].ShouldBe("2 packets captured, 0 missed");
    }

    [Theory]
    [InlineData("tun", "overlay.77")]
    [InlineData("cni0", "cni0")]
    public void On_the_tun_and_the_bridge_a_line_has_the_peer_and_the_flow(string name, string device)
    {
        CaptureRun run = new(_a, "--interface", name, "--pod", $"{_to.AddressV6}", "-c", "2");
        _from.Ping(_to.AddressV6!, 1).EnsureSuccess();
        IReadOnlyList<string> lines = run.WaitForEnd();
        lines.ShouldContain(line => line.Contains(
            $"  out  {device} node b  {_from.AddressV6} > {_to.AddressV6} ICMPv6 echo request  "));
    }

    [Fact]
    public void A_file_of_the_underlay_is_one_that_wireshark_opens()
    {
        string file = Path.Combine(_a.Directory, "underlay.pcapng");
        CaptureRun run = new(_a, "--interface", "underlay", "--pod", $"{_from.AddressV4}", "-c", "2", "-w", file);
        _from.Ping(_to.AddressV4!, 1).EnsureSuccess();
        _ = run.WaitForEnd();
        CommandResult tshark = _a.Run(
            "tshark", "-n", "-d", "udp.port==8999,vxlan", "-r", file, "-T", "fields", "-e", "vxlan.vni", "-e", "frame.comment",
            "-e", "icmp.type").EnsureSuccess();
        tshark.Output.ShouldBe("77\tnode b\t8\n77\tnode b\t0\n");
    }

    [Fact]
    public void An_interface_that_is_none_and_a_host_without_libpcap_get_one_line()
    {
        CommandResult none = OverlayctlInside("capture --interface nosuch0");
        none.ExitCode.ShouldBe(1, none.Error);
        none.Error.Trim().ShouldBe("overlayctl: --interface nosuch0: there is no such interface");

        // The library is hidden from this one process, as on a host that lacks it.
        CommandResult without = OverlayctlInside(
            "capture --interface cni0", "for f in /usr/lib/*/libpcap.so*; do mount --bind /dev/null $f; done");
        without.ExitCode.ShouldBe(1, without.Output);
        without.Error.Trim().ShouldBe("overlayctl: libpcap is missing: apt install libpcap0.8");
    }

    public void Dispose() => _cluster.Dispose();

    private CommandResult OverlayctlInside(string command, string before = ":") => _a.Run(
        "unshare", "-m", "sh", "-c", $"{before}; {ProductBinary.Find("overlayctl")} --socket {_a.Socket} {command}");
}
