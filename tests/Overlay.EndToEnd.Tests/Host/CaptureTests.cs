using System.Net;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>overlayctl capture by the daemon's own tap, beside real traffic.</summary>
public sealed class CaptureTests : IDisposable
{
    private const string Time = @"\d\d:\d\d:\d\d\.\d{6}";

    private readonly Cluster _cluster = Cluster.Start(new LabOptions { Name = "capture" });
    private readonly Node _a;
    private readonly Pod _from;
    private readonly Pod _to;

    public CaptureTests() =>
        (_a, _from, _to) = _cluster.Guard(() => (_cluster["a"], _cluster["a"].Pods[0], _cluster["b"].Pods[0]));

    [Fact]
    public void A_ping_is_a_line_each_way_with_its_end_the_peers_name_and_the_flow()
    {
        foreach ((IPAddress from, IPAddress to, string protocol) in new[]
        {
            (_from.AddressV4!, _to.AddressV4!, "ICMP"), (_from.AddressV6!, _to.AddressV6!, "ICMPv6"),
        })
        {
            CaptureRun run = new(_a, "--pod", $"{to}", "--peer", "b", "-c", "4");

            // Two pings, one after the other: a busy node may send a second request before the first is answered.
            for (int i = 0; i < 2; i++) _from.Ping(to, 1).EnsureSuccess();
            IReadOnlyList<string> lines = run.WaitForEnd();
            lines.Count.ShouldBe(5, string.Join('\n', lines));
            for (int i = 0; i < 4; i += 2)
            {
                lines[i].ShouldMatch(
                    $@"^{Time}  out  forwarded to node b  {from} > {to} {protocol} echo request  \d+ bytes$");
                lines[i + 1].ShouldMatch(
                    $@"^{Time}  in   forwarded from node b  {to} > {from} {protocol} echo reply  \d+ bytes$");
            }

            lines[4].ShouldBe("4 packets captured, 0 missed");
        }
    }

    [Fact]
    public void Dropped_packets_are_shown_with_the_reason_and_their_sender()
    {
        Node b = _cluster["b"];

        // The kernel's own multicast reports are dropped as well, whenever it sends them.
        CaptureRun run = new(_a, "--drops", "--pod", $"{_from.AddressV4}");
        _from.Ping(_to.AddressV4!, 1).EnsureSuccess();
        _ = _from.Ping(IPAddress.Parse("10.244.77.1"), 1, "-W", "1");
        run.WaitForLines(1);

        VxlanDatagram spoofed = new()
        {
            SourceMac = MacAddress.Parse(VxlanPeer.Read(b.LeaseFile).VtepMac!),
            DestinationMac = MacAddress.Parse(VxlanPeer.Read(_a.LeaseFile).VtepMac!),
            Source = IPAddress.Parse("10.244.99.2"),
            Destination = _from.AddressV4!,
        };
        using (UnderlaySender sender = new(b, [b.UnderlayV4!], _a)) sender.Send(spoofed.ToArray());
        run.WaitForLines(2);
        using (UnderlaySender sender = new(_cluster.Lab.Switch, [LabAddresses.OutsideV4], _a))
            sender.Send(spoofed.ToArray());
        run.WaitForLines(3);

        string[] lines = [.. run.Stop()];
        lines[0].ShouldContain(
            $"  out  dropped: IpOutNoRoutes  {_from.AddressV4} > 10.244.77.1 ICMP echo request  84 bytes");
        lines[1].ShouldContain(
            $"  in   dropped: SourceNotAllowed (from node b, {b.UnderlayV4})  10.244.99.2:9 > {_from.AddressV4}:9 UDP");
        lines[2].ShouldContain($"  in   dropped: UnknownVtep (from {LabAddresses.OutsideV4})  10.244.99.2:9 > ");
        lines[^1].ShouldBe("3 packets captured, 0 missed");
    }

    [Fact]
    public void A_file_is_one_that_wireshark_opens_with_the_ends_as_comments()
    {
        string file = Path.Combine(_a.Directory, "capture.pcapng");
        CaptureRun run = new(_a, "-w", file, "--pod", $"{_to.AddressV4}");
        _from.Ping(_to.AddressV4!, 1).EnsureSuccess();
        TcpTransfer.Check(_from, _to, _to.AddressV4!, 1_000_000);

        // The file has only the packets that the client was sent before its stop.
        string before = "";
        Waiting.For(() =>
        {
            string now = PacketsOf(Cluster.Report(_a, "status").GetProperty("capture").GetString()!);
            bool isAll = now == before && now.EndsWith(", 0 missed", StringComparison.Ordinal);
            before = now;
            Thread.Sleep(300);
            return isAll;
        });
        run.Stop().ShouldHaveSingleItem().ShouldMatch("^[0-9]+ packets captured, 0 missed$");

        IReadOnlyList<IReadOnlyDictionary<string, string>> rows = Tshark.Read(
            file, "frame.comment", "frame.interface_name", "frame.packet_flags_direction", "ip.src", "icmp.type",
            "frame.len", "frame.cap_len", "ip.len");
        rows[0].Values.Take(5).ShouldBe(["forwarded to node b", "overlay egress", "0x00000002", $"{_from.AddressV4}", "8"]);
        rows[1].Values.Take(5).ShouldBe(["forwarded from node b", "overlay ingress", "0x00000001", $"{_to.AddressV4}", "0"]);
        rows.ShouldAllBe(static row => row["frame.len"] == row["ip.len"]);
        rows.ShouldAllBe(static row => int.Parse(row["frame.cap_len"], null) <= 256);
        rows.ShouldContain(static row => row["frame.comment"].StartsWith("forwarded to node b, ", StringComparison.Ordinal)
            && row["frame.comment"].EndsWith(" packets in one", StringComparison.Ordinal));
    }

    // Without the time: "17 packets, 0 missed".
    private static string PacketsOf(string capture) => capture[(capture.LastIndexOf(": ", StringComparison.Ordinal) + 2)..];

    [Fact]
    public void A_pipe_gets_the_same_and_nothing_else()
    {
        // The program at the other end of the pipe is Wireshark's own.
        string overlayctl = $"{ProductBinary.Find("overlayctl")} --socket {_a.Socket} capture";
        BackgroundProcess pipe = _a.Start(
            "sh", "-c", $"{overlayctl} -c 2 -w - | tshark -l -r - -T fields -e frame.comment -e icmp.type");
        pipe.WaitForLog("capturing ");
        _from.Ping(_to.AddressV4!, 1).EnsureSuccess();
        pipe.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue(pipe.Log);
        pipe.Log.ShouldContain("forwarded to node b\t8\nforwarded from node b\t0\n");
    }

    [Fact]
    public void One_capture_runs_at_a_time_is_named_in_status_and_leaves_nothing_behind_however_it_ends()
    {
        Capture().ShouldBeNull();
        CaptureRun first = new(_a);
        Capture().ShouldNotBeNull().ShouldContain("missed");
        _a.Overlayctl("status").EnsureSuccess().Output.ShouldMatch(@"(?m)^capture +runs for \d+ s: \d+ packets, 0 missed");
        string file = Path.Combine(_a.Directory, "kept");
        File.WriteAllText(file, "older");
        CommandResult second = _a.Overlayctl("capture", "-w", file);
        second.ExitCode.ShouldBe(1);
        second.Error.Trim().ShouldMatch("^overlayctl: another capture runs for .*; there is one at a time: end that one$");
        File.ReadAllText(file).ShouldBe("older");
        first.Kill();
        Waiting.For(() => Capture() is null);

        _ = new CaptureRun(_a, "--seconds", "1").WaitForEnd();
        Waiting.For(() => Capture() is null);
        CaptureRun last = new(_a);
        last.Stop().ShouldContain("0 packets captured, 0 missed");
        Waiting.For(() => Capture() is null);
        _a.Overlayctl("capture", "--peer", "nobody").Error.ShouldContain("'nobody' is no peer of this node");
        _cluster.Daemons[0].Log.ShouldContain("A capture of pods' packets begins");

        // A daemon that stops waits for no client, and tells it.
        CaptureRun until = new(_a);
        _cluster.Daemons[0].Stop().ShouldBe(0);
        _ = until.WaitForEnd();
    }

    [Fact]
    public void A_client_that_rests_stalls_no_packet_and_is_told_what_it_has_missed()
    {
        CaptureRun run = new(_a, "--snap", "65535", "-w", "/dev/null");
        Signal(run.Pid, "STOP");
        TcpTransfer.Check(_from, _to, _to.AddressV4!, 50_000_000);
        _from.Ping(_to.AddressV4!, 3).EnsureSuccess();
        Waiting.For(() => Missed(Capture()!) > 0);
        Signal(run.Pid, "CONT");
        Waiting.For(() =>
        {
            long missed = Missed(Capture()!);
            Thread.Sleep(300);
            return missed == Missed(Capture()!);
        });
        long expected = Missed(Capture()!);
        Thread.Sleep(500);
        run.Stop()[^1].ShouldEndWith($" packets captured, {expected} missed");
    }

    public void Dispose() => _cluster.Dispose();

    private string? Capture() => Cluster.Report(_a, "status").GetProperty("capture").GetString();

    private static long Missed(string status) => long.Parse(status.Split(" packets, ")[1].Split(' ')[0], null);

    private void Signal(int pid, string signal) => _a.Run("sh", "-c", $"kill -{signal} {pid}").EnsureSuccess();
}
