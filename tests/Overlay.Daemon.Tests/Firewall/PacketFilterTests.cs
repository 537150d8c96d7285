using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Problems;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>Everything that the daemon has in the packet filter of a host, in a namespace.</summary>
public sealed class PacketFilterTests : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "filter", Nodes = 1, PodsPerNode = 0 });
    private readonly CollectingLogger<PacketFilter> _logger = new();
    private readonly CollectingLogger<ProblemBoard> _boardLogger = new();
    private readonly ProblemBoard _problems;
    private int _repairs;

    public PacketFilterTests() => _problems = _lab.Guard(() => new ProblemBoard(_boardLogger));

    private Node Node => _lab.Nodes[0];

    private string Tables => Node.Run("nft", "list", "tables").Output;

    [Fact]
    public void Tables_of_both_families_and_the_port_are_made_and_leave_nothing_behind()
    {
        Node.Run("nft", "add table ip mine").Succeeded.ShouldBeTrue();
        PacketFilter filter = Make(TestOptions.DualStack);
        Tables.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["table ip mine", "table ip overlay-1", "table ip6 overlay-1"], ignoreOrder: true);
        Node.Run("nft", "list", "table", "ip", "overlay-1").Output.ShouldContain("masquerade");
        Node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8472");
        _problems.Warnings.ShouldBeEmpty();
        Remove(filter);
        Tables.Trim().ShouldBe("table ip mine");
        Node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("");
    }

    [Fact]
    public void Closing_keeps_tables_and_port_as_they_are()
    {
        PacketFilter filter = Make();
        Node.Invoke(filter.Dispose);
        Tables.ShouldContain("table ip overlay-1");
        Node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8472");
    }

    [Fact]
    public void A_table_that_another_program_removes_or_changes_is_made_again()
    {
        PacketFilter filter = Make();
        Node.Run("nft", "delete table ip overlay-1").Succeeded.ShouldBeTrue();
        WaitFor(() => Tables.Contains("table ip overlay-1", StringComparison.Ordinal));
        Node.Run("nft", "flush chain ip overlay-1 postrouting").Succeeded.ShouldBeTrue();
        WaitFor(() => Node.Run(
            "nft", "list", "table", "ip", "overlay-1").Output.Contains("masquerade", StringComparison.Ordinal));
        WaitFor(() => Restorations() == 2);

        filter.Stop();
        Node.Run("nft", "delete table ip overlay-1").Succeeded.ShouldBeTrue();
        Thread.Sleep(TimeSpan.FromSeconds(2));
        Tables.ShouldNotContain("table ip overlay-1", customMessage: "behind a stop nothing is repaired");
        Restorations().ShouldBe(2);
        _repairs.ShouldBe(2);
        Remove(filter);

        int Restorations() =>
            _logger.Warnings.Count(static line => line.Contains("overlay-1", StringComparison.Ordinal));
    }

    [Fact]
    public void Tables_that_a_crash_left_are_removed_and_those_in_use_or_of_others_stay()
    {
        foreach (string vni in new[] { "5", "6" })
        {
            PacketFilter crashed = Start(Options(("Network:Vni", vni)), $"overlay.{vni}");
            Node.Invoke(crashed.Dispose);
        }

        Node.Ip("link add overlay.6 type bridge");
        Node.Run("nft", "add table ip overlay-8").Succeeded.ShouldBeTrue();
        PacketFilter filter = Make();
        Tables.ShouldNotContain("overlay-5");
        Tables.ShouldContain("table ip overlay-6");
        Tables.ShouldContain("table ip overlay-8", customMessage: "it has no rule of ours");
        Remove(filter);
    }

    [Fact]
    public void A_fault_that_nobody_foresaw_is_counted_and_the_watch_begins_anew()
    {
        FailingLogger failing = new();
        PacketFilter filter = Start(Options(), "overlay.1", failing);
        Node.Run("nft", "delete table ip overlay-1").Succeeded.ShouldBeTrue();
        WaitFor(() => failing.HasFailed);
        WaitFor(() => _problems.Guard.Counts.Contains(("the packet filter", 1)));
        Node.Run("nft", "delete table ip overlay-1").Succeeded.ShouldBeTrue();
        WaitFor(() => Tables.Contains("table ip overlay-1", StringComparison.Ordinal));
        WaitFor(() => _problems.Warnings.Count == 0);
        _boardLogger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("the packet filter has failed");
        Remove(filter);
    }

    [Fact]
    public void A_fault_is_a_warning_until_it_is_gone_and_is_logged_once()
    {
        Node.Run(
            "nft", "add table inet fw; add chain inet fw through { type filter hook forward priority 0; policy drop; }").Succeeded.ShouldBeTrue();
        PacketFilter filter = Make();
        string warning = _problems.Warnings.ShouldHaveSingleItem();
        warning.ShouldStartWith("chain through of table inet fw drops what it does not know: ");
        Node.Run("nft", "add table inet unrelated").Succeeded.ShouldBeTrue();
        Node.Run("nft", "delete table inet fw").Succeeded.ShouldBeTrue();
        WaitFor(() => _problems.Warnings.Count == 0);
        _boardLogger.Of(LogLevel.Warning).Count(line => line == warning).ShouldBe(1);
        Remove(filter);
    }

    [Fact]
    public void A_network_of_the_host_that_meets_the_clusters_is_a_warning()
    {
        Node.Ip("link add docker0 type bridge", "address add 10.244.9.1/24 dev docker0", "link set docker0 up");
        PacketFilter filter = Make();
        _problems.Warnings.ShouldHaveSingleItem().ShouldBe(
            "the network 10.244.9.0/24 of docker0 overlaps the cluster CIDR 10.244.0.0/16: pods there are not reached");
        Remove(filter);
    }

    [Fact]
    public void A_filter_that_is_closed_and_not_removed_leaves_its_tables_and_the_reservation_to_the_next_one()
    {
        PacketFilter filter = Make();
        Node.Invoke(filter.Dispose);
        Tables.ShouldContain("table ip overlay-1");
        Node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8472");
        Remove(Make());
        Tables.ShouldNotContain("overlay-1");
        Node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("");
    }

    [Fact]
    public void All_that_an_earlier_run_left_is_removed_without_being_made_anew()
    {
        Node.Run("iptables-nft", "-P", "FORWARD", "DROP").Succeeded.ShouldBeTrue();
        string before = Node.Run("nft", "list", "ruleset").Output;
        Node.Invoke(Make(TestOptions.DualStack).Dispose);
        Node.Run("iptables-nft", "-S").Output.ShouldContain("-N OVERLAY-FORWARD-1");
        Node.Invoke(TakeDown).ShouldBeEmpty();
        Node.Run("nft", "list", "ruleset").Output.ShouldBe(before);
        Node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("");

        Node.Invoke(TakeDown).ShouldBeEmpty();
        Node.Run("nft", "list", "ruleset").Output.ShouldBe(before);
        _boardLogger.Warnings.ShouldBeEmpty();

        IReadOnlyList<string> TakeDown()
        {
            using PacketFilter filter = new(Options(TestOptions.DualStack), "overlay.1", _problems, _logger);
            return [.. filter.TakeOver(), .. filter.RemoveFromKernel()];
        }
    }

    public void Dispose() => _lab.Dispose();

    private PacketFilter Make(params (string, string)[] keys) =>
        Start(Options(keys), "overlay.1");

    private PacketFilter Start(
        Daemon.Options.OverlayOptions options, string device, ILogger<PacketFilter>? logger = null) =>
        Node.Invoke(() =>
        {
            PacketFilter filter = new(options, device, _problems, logger ?? _logger, () => _repairs++);
            filter.Start();
            return filter;
        });

    private Daemon.Options.OverlayOptions Options(params (string, string)[] keys) =>
        TestOptions.With([("StateDirectory", Node.StateDirectory), .. keys]);

    private void Remove(PacketFilter filter) => Node.Invoke(() =>
    {
        filter.RemoveFromKernel();
        filter.Dispose();
    });

    private static void WaitFor(Func<bool> condition)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition()) watch.Elapsed.ShouldBeLessThan(_limit);
    }

    /// <summary>Fails once, at the first warning.</summary>
    private sealed class FailingLogger : ILogger<PacketFilter>
    {
        public bool HasFailed { get; private set; }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (HasFailed || logLevel != LogLevel.Warning) return;
            HasFailed = true;
            throw new InvalidOperationException("nobody foresaw it");
        }
    }
}
