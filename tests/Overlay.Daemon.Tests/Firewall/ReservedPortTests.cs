using Microsoft.Extensions.Logging;
using Overlay.Daemon.Firewall;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>The port among those that the kernel of a namespace gives to nobody.</summary>
public sealed class ReservedPortTests : IDisposable
{
    private const string Parameter = "net/ipv4/ip_local_reserved_ports";

    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "resport", Nodes = 1, PodsPerNode = 0 });
    private readonly CollectingLogger<ReservedPort> _logger = new();

    private Node Node => _lab.Nodes[0];

    private string Reserved => Node.Get(Parameter);

    private string RecordFile => Path.Combine(Node.StateDirectory, "reserved-port.json");

    [Fact]
    public void A_port_is_reserved_beside_those_of_others_and_freed_alone()
    {
        Node.Set(Parameter, "8080,9000-9100");
        ReservedPort port = Reserve(8472);
        Reserved.ShouldBe("8080,8472,9000-9100");
        Free(port);
        Reserved.ShouldBe("8080,9000-9100");
        File.Exists(RecordFile).ShouldBeFalse();
    }

    [Fact]
    public void A_port_that_another_program_reserved_stays_so()
    {
        Node.Set(Parameter, "8400-8500");
        Free(Reserve(8472));
        Reserved.ShouldBe("8400-8500");
        File.Exists(RecordFile).ShouldBeFalse();
    }

    [Fact]
    public void A_port_that_a_crashed_run_reserved_is_freed_by_the_next()
    {
        _ = Reserve(8472);
        Free(Reserve(8472));
        Reserved.ShouldBe("");
    }

    [Fact]
    public void Another_port_that_a_crashed_run_reserved_is_freed_at_the_start()
    {
        _ = Reserve(4789);
        ReservedPort port = Reserve(8472);
        Reserved.ShouldBe("8472");
        Free(port);
        Reserved.ShouldBe("");
    }

    [Fact]
    public void A_record_of_the_version_before_counts_and_one_of_another_boot_does_not()
    {
        // As version 0.1.0 wrote it, with this boot's number.
        string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        _ = Directory.CreateDirectory(Node.StateDirectory);
        Node.Set(Parameter, "8472");
        File.WriteAllText(RecordFile, $$"""{"Port":8472,"Boot":"{{boot}}"}""");
        Free(Reserve(8472));
        Reserved.ShouldBe("");

        Node.Set(Parameter, "8472");
        File.WriteAllText(RecordFile, """{"Port":8472,"Boot":"d7a1bbd0-1b53-4b5c-a1d1-6c6e7a0c35a3"}""");
        Free(Reserve(8472));
        Reserved.ShouldBe("8472");
        _logger.Of(LogLevel.Warning).ShouldBeEmpty();
    }

    [Fact]
    public void A_record_is_written_as_the_version_before_reads_it()
    {
        _ = Reserve(8472);
        File.ReadAllText(RecordFile).ShouldBe($$"""{"Port":8472,"Boot":"{{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}}"}""");
    }

    [Fact]
    public void A_damaged_record_is_reported_and_frees_nothing()
    {
        _ = Directory.CreateDirectory(Node.StateDirectory);
        File.WriteAllText(RecordFile, "{");
        Node.Set(Parameter, "8472");
        Free(Reserve(8472));
        Reserved.ShouldBe("8472");
        _logger.Warnings.ShouldAllBe(line => line.Contains(RecordFile, StringComparison.Ordinal));
        _logger.Warnings.ShouldNotBeEmpty();
    }

    public void Dispose() => _lab.Dispose();

    private ReservedPort Reserve(ushort number)
    {
        ReservedPort port = new(number, new ReservedPortRecord(Node.StateDirectory, _logger), _logger);
        Node.Invoke(port.Reserve);
        return port;
    }

    private void Free(ReservedPort port) => Node.Invoke(port.RemoveFromKernel);
}
