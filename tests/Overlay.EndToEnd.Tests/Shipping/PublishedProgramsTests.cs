using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Host;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Shipping;

public class PublishedProgramsTests
{
    [Fact]
    public void Programs_their_documents_and_checksums_are_all_that_is_published()
    {
        string[] files =
        [
            "THIRD-PARTY-NOTICES", "overlay", "overlayctl", "overlayd", "man/overlayctl.8", "man/overlayd.8",
            "completion/bash/overlayctl", "completion/zsh/_overlayctl", "completion/fish/overlayctl.fish",
        ];
        Directory.GetFiles(PublishedPrograms.Directory, "*", SearchOption.AllDirectories)
            .Select(static file => Path.GetRelativePath(PublishedPrograms.Directory, file))
            .ShouldBe([.. files, "SHA256SUMS"], ignoreOrder: true);
        string[] sums = File.ReadAllLines(Path.Combine(PublishedPrograms.Directory, "SHA256SUMS"));
        sums.Select(static line => line.Split("  ")[1]).ShouldBe(files, ignoreOrder: true);
        foreach (string line in sums)
        {
            string[] parts = line.Split("  ");
            byte[] content = File.ReadAllBytes(Path.Combine(PublishedPrograms.Directory, parts[1]));
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)).ShouldBe(parts[0]);
        }

        PublishedPrograms.Output.ShouldMatch(@"(?m)^overlayd \d+\.\d+\.\d+$");
        File.ReadLines(Path.Combine(PublishedPrograms.Directory, "THIRD-PARTY-NOTICES")).Last()
            .ShouldMatch(@"^overlay is linked with the C library of .+: .*\d+\.\d+");
    }

    [Theory]
    [InlineData("overlayd")]
    [InlineData("overlayctl")]
    public void A_manual_page_is_published_with_its_program(string program)
    {
        string page = File.ReadAllText(Path.Combine(PublishedPrograms.Directory, "man", $"{program}.8"));
        page.ShouldStartWith($".TH {program.ToUpperInvariant()} 8 ");
        page.ShouldContain(".SH EXIT STATUS\n");
        page.ShouldEndWith("8)\n");
    }

    [Fact]
    public void They_run_where_there_is_the_c_library_and_nothing_else()
    {
        using LabNetwork lab =
            LabNetwork.Create(new LabOptions { Name = "bare", Nodes = 1, PodsPerNode = 0, Inner = AddressFamilies.V4 });
        Node node = lab.Nodes[0];
        CommandResult result = node.Run(
            TimeSpan.FromMinutes(2), "unshare", "--mount",
            Path.Combine(AppContext.BaseDirectory, "Shipping", "bare-root.sh"), Path.Combine(node.Directory, "root"),
            PublishedPrograms.Directory).EnsureSuccess();
        result.Output.ShouldMatch(@"(?m)^overlayd \d+\.\d+\.\d+$");
        result.Output.ShouldMatch(@"(?m)^overlayctl \d+\.\d+\.\d+$");
        result.Output.ShouldMatch(@"(?m)^overlay \d+\.\d+\.\d+$");
        result.Output.ShouldMatch(@"(?m)^node +\S+   forwarding for ");
        result.Output.ShouldMatch(@"(?m)^egress-0 +egress +\d");
        result.Output.ShouldEndWith("overlayd has ended well\n");
    }

    [Fact]
    public void The_plugin_runs_where_there_is_nothing_at_all()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "empty", Nodes = 1, PodsPerNode = 0 });
        string root = Directory.CreateDirectory(Path.Combine(lab.Directory, "root")).FullName;
        File.Copy(Path.Combine(PublishedPrograms.Directory, "overlay"), Path.Combine(root, "overlay"));
        lab.Nodes[0].Run("chroot", root, "/overlay", "--version")
            .EnsureSuccess().Output.ShouldMatch(@"^overlay \d+\.\d+\.\d+\n$");
    }

    [Fact]
    public void A_sink_and_a_format_that_the_configuration_names_are_in_the_single_file()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "logged", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        string Below(string name) => Path.Combine(node.Directory, name);
        node.WriteConfig();
        CommandResult result = node.Run(
            Path.Combine(PublishedPrograms.Directory, "overlayd"), "install-cni", "--config", node.ConfigPath,
            "--CniInstall:Source", "/bin/true", "--CniInstall:BinDirectory", Below("bin"),
            "--CniInstall:ConfigDirectory", Below("net.d"), "--Serilog:WriteTo:0:Name", "Console",
            "--Serilog:WriteTo:0:Args:formatter",
            "Serilog.Formatting.Compact.CompactJsonFormatter, Serilog.Formatting.Compact").EnsureSuccess();
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.ShouldAllBe(static line => JsonNode.Parse(line)!["@mt"] != null);
        lines.Count(line => line.Contains(Below("bin/overlay"), StringComparison.Ordinal))
            .ShouldBe(1, "each event comes once");
    }

    [Fact]
    public void The_native_overlayctl_reads_packets_of_the_tap_and_of_an_interface()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "native" });
        (Node a, Pod from, Pod to) = (cluster["a"], cluster["a"].Pods[0], cluster["b"].Pods[0]);
        string overlayctl = Path.Combine(PublishedPrograms.Directory, "overlayctl");
        CaptureRun tap = CaptureRun.By(overlayctl, a, "--pod", $"{from.AddressV6}", "-c", "1");
        CaptureRun underlay = CaptureRun.By(overlayctl, a, "--outer", "--pod", $"{from.AddressV6}", "-c", "1");
        from.Ping(to.AddressV6!, 1).EnsureSuccess();
        string flow = $"{from.AddressV6} > {to.AddressV6} ICMPv6 echo request";
        tap.WaitForEnd()[0].ShouldContain($"  out  forwarded to node b  {flow}  ");
        underlay.WaitForEnd()[0].ShouldContain($" VXLAN VNI 1 node b  {flow}  ");
    }

    [Fact]
    public void A_directory_that_is_missing_or_one_too_many_is_refused()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "usage", Nodes = 1, PodsPerNode = 0 });
        string script = Path.Combine(Repository.Root, "deploy", "publish.sh");
        lab.Nodes[0].Run("bash", script).ExitCode.ShouldNotBe(0);
        CommandResult two = lab.Nodes[0].Run("bash", script, "one", "two");
        two.ExitCode.ShouldNotBe(0);
        two.Error.ShouldContain("example: deploy/publish.sh out");
        CommandResult other = lab.Nodes[0].Run("bash", script, "--arch", "sparc", "out");
        other.ExitCode.ShouldNotBe(0);
        other.Error.ShouldBe("publish: --arch 'sparc' is none that can be built; example: --arch arm64\n");
    }
}
