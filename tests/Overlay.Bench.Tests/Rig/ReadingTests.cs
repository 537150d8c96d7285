using Overlay.Bench.Rig.Machine;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Tests.Rig;

/// <summary>What the rig reads from the kernel and from iperf.</summary>
public class ReadingTests
{
    [Fact]
    public void Cpu_time_is_all_work_but_neither_idling_nor_stolen_time()
    {
        CpuTime time = CpuTime.Parse("cpu  100 200 300 4000 50 60 70 800 90 10");
        time.Busy.ShouldBe(7.3, 1e-9);
        time.Total.ShouldBe(55.8, 1e-9);
    }

    [Fact]
    public void Cpu_time_passes()
    {
        CpuTime before = CpuTime.Now();
        Thread.Sleep(100);
        (CpuTime.Now() - before).Total.ShouldBeGreaterThan(0.05);
    }

    [Fact]
    public void A_process_name_may_contain_anything()
    {
        (string name, double seconds) = LoadGuard.ParseStat("42 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1");
        name.ShouldBe("a) b (c");
        seconds.ShouldBe(2);
    }

    [Fact]
    public void Iperf_reports_once_all_streams_have_ended()
    {
        const string First = "19700101000000,10.0.0.2,5001,10.0.0.1,50048,1,0.0-2.0,1000000000,4000000000\n";
        const string Second = "19700101000000,10.0.0.2,5001,10.0.0.1,50050,2,0.0-4.0,1000000000,2000000000\n";
        const string Sum = "19700101000000,10.0.0.2,5001,10.0.0.1,0,-1,0.0-4.0,2000000000,4000000000\n";
        IperfReport.Parse("", 1).ShouldBeNull();
        IperfReport.Parse(First, 2).ShouldBeNull();
        IperfReport.Parse(First + Sum, 2).ShouldBeNull("a sum is no stream");
        IperfReport.Parse(First[..^4], 1).ShouldBeNull("half a line");

        IperfReport report = IperfReport.Parse(First + Second + Sum, 2).ShouldNotBeNull();
        report.Bytes.ShouldBe(2e9);
        report.BitsPerSecond.ShouldBe(4e9, 1, "all bytes over the longest stream's time");
    }
}
