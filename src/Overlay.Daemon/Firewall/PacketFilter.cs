using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Host.Netlink;
using Overlay.Host.Programs;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// The daemon's part of this host's packet filter: made at the start, restored when another program removes it, gone at
/// the end.
/// </summary>
/// <remarks>
/// It has tables of its own, and one chain in iptables where a policy of the host drops forwarded packets. A part that
/// fails is reported and tried again: pods reach each other without any of it.
/// </remarks>
internal sealed class PacketFilter : IDisposable
{
    private const string Key = "packet filter";
    private const string Part = "the packet filter";

    // kube-proxy writes its rules in bursts; one look behind a burst is enough.
    private static readonly TimeSpan _settleTime = TimeSpan.FromSeconds(1);

    // No notification comes for rules of iptables-legacy, addresses and routes of other programs, and bridge-nf.
    private static readonly TimeSpan _lookInterval = TimeSpan.FromSeconds(30);

    // The words of nft for a table that does not exist.
    private const string Missing = "No such file or directory";

    private readonly IReadOnlyList<NftTable> _tables;

    // Each table that was made, as nft lists it; null where it could not be listed.
    private readonly Dictionary<NftTable, string?> _applied = [];
    private readonly ForwardPolicy _forward;
    private readonly FormerNetworks _former;
    private readonly ReservedPort _port;
    private readonly HostAddressPlan _plan;
    private readonly OverlayOptions _options;
    private readonly ILogger<PacketFilter> _logger;
    private readonly NftablesMonitor _monitor = new();
    private readonly ManualResetEventSlim _ending = new();
    private readonly ProblemBoard _problems;
    private readonly GuardedThread _thread;
    private bool _isTold;

    /// <summary>Nothing is made before <see cref="Start"/>.</summary>
    /// <param name="options">Networks, and whether and where pods are masqueraded.</param>
    /// <param name="device">The TUN.</param>
    /// <param name="problems">Gets a warning for each fault of the packet filter.</param>
    /// <param name="logger">Logs repairs, and their failures.</param>
    /// <exception cref="LinuxException">Changes cannot be watched.</exception>
    public PacketFilter(OverlayOptions options, string device, ProblemBoard problems, ILogger<PacketFilter> logger)
    {
        _options = options;
        _problems = problems;
        _logger = logger;
        _tables = [.. Families().Select(family => NftTable.For(family, options, device))];
        FormerNetworks former = new(options.Network.Vni, logger);
        _forward = new ForwardPolicy(options, device, former, logger);
        _port = new ReservedPort(options.Network.Port, new ReservedPortRecord(options.StateDirectory, logger), logger);
        _plan = new HostAddressPlan(options, device);
        _thread = new GuardedThread("packet-filter", Part, problems.Guard, Watch);
        _former = former;
    }

    /// <summary>Makes tables, chains and the reservation of the port, and begins to keep them.</summary>
    public void Start()
    {
        _ = _problems.Guard.Try(Part, Make);
        _thread.Start();
    }

    /// <summary>Ends the watch; nothing is repaired after this returns.</summary>
    public void Stop()
    {
        _ending.Set();
        _monitor.Interrupt();
        _thread.End();
    }

    /// <summary>Removes what is ours.</summary>
    public void RemoveFromKernel()
    {
        Stop();
        foreach (NftTable table in _applied.Keys)
        {
            if (Try(() => HostTool.Run("nft", table.Removal, "-f", "-")) is { } failure)
                _logger.TableStays(table.Family, table.Name, failure);
        }

        _forward.Remove();
        if (Try(_port.RemoveFromKernel) is { } kept) _logger.PortStaysReserved(_options.Network.Port, kept);
    }

    /// <summary>Ends the watch and closes its descriptors. Tables, chains and the port's reservation stay.</summary>
    public void Dispose()
    {
        Stop();
        _problems.Report(Key, ProblemSeverity.Warning);
        _thread.Dispose();
        _monitor.Dispose();
        _ending.Dispose();
    }

    // A kernel without IPv6, or with it disabled at boot, has neither tunnels nor pods for such a table.
    private static IEnumerable<IpFamily> Families() =>
        File.Exists("/proc/net/if_inet6") ? [IpFamily.IPv4, IpFamily.IPv6] : [IpFamily.IPv4];

    private void Make()
    {
        _port.Reserve();
        if (Try(_former.RemoveTables) is { } failure) _logger.FormerTablesUnread(failure);
        Look();
    }

    private bool Watch()
    {
        if (Try(() => _monitor.Wait(_lookInterval)) is { } failure)
        {
            if (!_isTold) _logger.ChangesUnwatched(failure);
            _isTold = true;
        }

        if (!_ending.Wait(_settleTime)) Look();
        return !_monitor.IsInterrupted;
    }

    private void Look()
    {
        List<string> warnings = [];
        foreach (NftTable table in _tables)
        {
            if (Try(() => Repair(table)) is { } failure) warnings.Add(Consequence(table, failure));
        }

        warnings.AddRange(_forward.Repair());
        if (Try(() => warnings.AddRange(_plan.Find())) is { } unread)
            warnings.Add($"addresses and routes of this host cannot be read: {unread}");
        warnings.AddRange(BridgeFilter.Find(_options));
        _problems.Report(Key, ProblemSeverity.Warning, warnings);
    }

    private void Repair(NftTable table)
    {
        string? applied = _applied.GetValueOrDefault(table);
        if (applied is not null && Read(table) == applied) return;
        _ = HostTool.Run("nft", table.Rules, "-f", "-");
        _applied[table] = null;
        if (applied is not null) _logger.TableRestored(table.Family, table.Name);
        _applied[table] = Read(table)
            ?? throw new IOException($"nft lists no table {table.Family} {table.Name}, which it has just made");
    }

    // Null when the table is gone. Numbers instead of names, for some versions of nft do not take their own names back.
    private static string? Read(NftTable table)
    {
        try
        {
            return HostTool.Run("nft", "", "-s", "-n", "list", "table", table.Family, table.Name);
        }
        catch (IOException exception) when (exception is not FileNotFoundException
            && exception.Message.Contains(Missing, StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static string Consequence(NftTable table, string failure) => table.Masquerades
        ? $"table {table.Family} {table.Name} cannot be made, so pods are not masqueraded and reach nothing outside: "
            + $"{failure}; "
            + "install nftables, or set Overlay:IpMasq to false where another does it"
        : $"table {table.Family} {table.Name} cannot be made: {failure}; install nftables";

    private static string? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
