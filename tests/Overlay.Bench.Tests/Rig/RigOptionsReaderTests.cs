using Overlay.Bench.Rig.Options;

namespace Overlay.Bench.Tests.Rig;

public class RigOptionsReaderTests
{
    private static readonly Dictionary<string, string> _noVariables = [];

    // Exists everywhere; nobody runs it here.
    private static readonly Dictionary<string, string> _withFlannel = new() { ["FLANNELD"] = "/bin/sh" };

    [Fact]
    public void Without_options_everything_there_is_is_measured_five_times()
    {
        RigOptions options = RigOptionsReader.Read([], _noVariables);
        options.Peers.ShouldBe(["bare", "kernel-vxlan", "kernel-vxlan-masq", "overlay", "overlay-ebpf", "wireguard-go"]);
        options.Workloads.ShouldBe(["tcp-1", "tcp-4", "udp-64", "udp-1400", "tcp-rr"]);
        options.Columns.ShouldBe(["no-wire", "wire-like"]);
        options.Runs.ShouldBe(5);
        options.BesideLoad.ShouldBeFalse();
        RigOptionsReader.Read([], _withFlannel).Peers.ShouldContain("flannel-udp");
    }

    [Fact]
    public void Options_narrow_it_down()
    {
        RigOptions options = RigOptionsReader.Read(
            ["--peers", "overlay,kernel-vxlan", "--workloads", "tcp-rr", "--columns", "wire-like", "--runs", "2",
                "--json", "/tmp/results.json", "--svg", "/tmp/rig.svg", "--beside-load"],
            _noVariables);
        options.Peers.ShouldBe(["overlay", "kernel-vxlan"]);
        options.Workloads.ShouldBe(["tcp-rr"]);
        options.Columns.ShouldBe(["wire-like"]);
        options.Runs.ShouldBe(2);
        options.JsonFile.ShouldBe("/tmp/results.json");
        options.SvgFile.ShouldBe("/tmp/rig.svg");
        options.BesideLoad.ShouldBeTrue();
    }

    [Theory]
    [InlineData("--workloads converge", "overlay-file,overlay-etcd,overlay-kubernetes")]
    [InlineData("--peers overlay-etcd", "overlay-etcd")]
    [InlineData("--peers overlay-kubernetes,overlay-file --workloads converge", "overlay-kubernetes,overlay-file")]
    public void Converge_goes_with_the_peers_that_have_a_store(string line, string peers)
    {
        RigOptions options = RigOptionsReader.Read(line.Split(' '), _noVariables);
        options.Workloads.ShouldBe(["converge"]);
        options.Peers.ShouldBe(peers.Split(','));
    }

    [Theory]
    [InlineData("--workloads converge --peers overlay,overlay-etcd", "--peers overlay: has no store")]
    [InlineData("--workloads tcp-1 --peers overlay-file,bare", "--peers overlay-file: carries traffic as overlay does")]
    [InlineData("--workloads tcp-1,converge", "--workloads tcp-1,converge: converge is about stores")]
    [InlineData("--peers bare,overlay-file", "--peers bare: has no store")]
    public void What_does_not_go_together_is_named_with_an_example_that_does(string line, string complaint)
    {
        string message =
            Should.Throw<UsageException>(() => RigOptionsReader.Read(line.Split(' '), _noVariables)).Message;
        message.ShouldStartWith(complaint);
        message.ShouldContain("--workloads converge --peers overlay-file,overlay-etcd");
        message.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("--runs 0", "--runs 0", "--runs 5")]
    [InlineData("--runs -1", "--runs -1", "--runs 5")]
    [InlineData("--runs 99999999999", "--runs 99999999999", "--runs 5")]
    [InlineData("--runs", "--runs has no value", "--runs 5")]
    [InlineData("--runs 1 --runs 2", "--runs is given twice", "--runs 5")]
    [InlineData("--peers bare,vxlan", "no such name \"vxlan\"", "--peers bare,kernel-vxlan")]
    [InlineData("--peers bare,bare", "twice", "--peers bare,kernel-vxlan")]
    [InlineData("--peers --runs", "--peers has no value", "--peers bare,kernel-vxlan")]
    [InlineData("--peers flannel-udp", "flannel-udp", "FLANNELD=/")]
    [InlineData("--workloads tcp", "no such name \"tcp\"", "--workloads tcp-1,tcp-4")]
    [InlineData("--columns wire", "no such name \"wire\"", "--columns no-wire,wire-like")]
    [InlineData("--seconds 1.5", "--seconds 1.5", "--seconds 3")]
    [InlineData("--json /no/such/place/x.json", "/no/such/place", "--json results.json")]
    [InlineData("--svg /tmp", "is a directory", "--svg rig.svg")]
    [InlineData("--fast", "unknown option --fast", "--peers overlay,kernel-vxlan")]
    public void What_is_wrong_is_named_in_one_line_with_an_example(string line, string value, string example)
    {
        string message =
            Should.Throw<UsageException>(() => RigOptionsReader.Read(line.Split(' '), _noVariables)).Message;
        message.ShouldContain(value);
        message.ShouldContain(example);
        message.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("WIREGUARD_GO")]
    [InlineData("FLANNELD")]
    public void A_program_that_is_not_there_is_named(string variable) =>
        Should.Throw<UsageException>(
            () => RigOptionsReader.Read([], new Dictionary<string, string> { [variable] = "/no/such" }))
            .Message.ShouldContain($"{variable}=/no/such");
}
