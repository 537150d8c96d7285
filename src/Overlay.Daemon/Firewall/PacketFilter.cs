using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Host.Kernel;
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

    // No notification comes for rules of iptables-legacy and for bridge-nf, and none ends the wait for nftables' where
    // addresses and routes change.
    private static readonly TimeSpan _lookInterval = TimeSpan.FromSeconds(30);

    // An operator who mends the fault of a warning sees it gone soon, and a repair that failed is tried again by then.
    private static readonly TimeSpan _lookAgain = TimeSpan.FromSeconds(5);

    // The words of nft for a table that does not exist.
    private const string Missing = "No such file or directory";

    private readonly string _device;
    private readonly LookPace _pace = new(_settleTime, _lookAgain);
    private readonly GapFlows _gapFlows;
    private readonly LookPace _widePace = new(_lookAgain, _lookInterval);

    // Each table that was made, by family and name, as nft lists it; null where that is not known.
    private readonly Dictionary<(string Family, string Name), string?> _applied = [];
    private readonly Dictionary<(string Family, string Name), string> _doubted = [];
    private readonly ForwardPolicy _forward;
    private readonly FormerNetworks _former;
    private readonly ReservedPort _port;
    private readonly HostAddressPlan _plan;
    private readonly OverlayOptions _options;
    private readonly ILogger<PacketFilter> _logger;
    private readonly NftablesMonitor _monitor = new();
    private readonly NetlinkMonitor _addressesAndRoutes = new();
    private readonly ManualResetEventSlim _ending = new();
    private readonly ProblemBoard _problems;
    private readonly Action? _repaired;
    private readonly GuardedThread _thread;
    private IReadOnlyList<NftTable> _tables;
    private bool _hasWarning;
    private bool _isTold;
    private bool _tracksTunnels;
    private long? _lookedWide;
    private IReadOnlyList<string> _wide = [];
    private IReadOnlyList<string>? _meetings;

    /// <summary>Nothing is made before <see cref="Start"/>.</summary>
    /// <param name="options">Networks, and whether and where pods are masqueraded.</param>
    /// <param name="device">The TUN.</param>
    /// <param name="problems">Gets a warning for each fault of the packet filter.</param>
    /// <param name="logger">Logs repairs, and their failures.</param>
    /// <param name="repaired">Called after each table that was put back.</param>
    /// <exception cref="LinuxException">Changes cannot be watched.</exception>
    public PacketFilter(
        OverlayOptions options, string device, ProblemBoard problems, ILogger<PacketFilter> logger,
        Action? repaired = null)
    {
        _repaired = repaired;
        _options = options;
        _problems = problems;
        _logger = logger;
        _device = device;
        _gapFlows = new GapFlows(options, logger);
        _tables = Tables();
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

    /// <summary>
    /// Takes over what an earlier run has left, so that <see cref="RemoveFromKernel"/> removes it; makes nothing.
    /// </summary>
    /// <returns>A sentence for each part that cannot be looked at.</returns>
    public IReadOnlyList<string> TakeOver() =>
    [
        .. Untaken("tables of networks that are gone", _former.RemoveTables), .. _forward.TakeOver(),
        .. Untaken(PortName, () => _ = _port.TakeOver()),
    ];

    /// <summary>Removes what is ours.</summary>
    /// <returns>A sentence for each part that stays.</returns>
    public IReadOnlyList<string> RemoveFromKernel()
    {
        Stop();
        return
        [
            .. _tables.SelectMany(table => Untaken($"table {table.Family} {table.Name}", () => Remove(table))),
            .. _forward.Remove(), .. Untaken(PortName, _port.RemoveFromKernel),
        ];
    }

    /// <summary>Ends the watch and closes its descriptors. Tables, chains and the port's reservation stay.</summary>
    public void Dispose()
    {
        Stop();
        _problems.Report(Key, ProblemSeverity.Warning);
        _thread.Dispose();
        _monitor.Dispose();
        _addressesAndRoutes.Dispose();
        _ending.Dispose();
    }

    private NftTable[] Tables() =>
        [.. Families().Select(family => NftTable.For(family, _options, _device, _tracksTunnels))];

    private string PortName => $"the reservation of port {_options.Network.Port}";

    private TimeSpan LookInterval => _hasWarning ? _widePace.Pause : _lookInterval;

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
        if (Try(() => _monitor.Wait(LookInterval)) is { } failure)
        {
            if (!_isTold) _logger.ChangesUnwatched(failure);
            _isTold = true;
        }

        if (!_ending.Wait(_pace.Pause)) Look();
        return !_monitor.IsInterrupted;
    }

    private void Look()
    {
        if (_lookedWide is not { } last || Stopwatch.GetElapsedTime(last) >= LookInterval) LookWide();
        long began = Stopwatch.GetTimestamp();
        List<string> warnings = [];
        foreach (NftTable table in _tables)
        {
            if (Try(() => Repair(table)) is { } failure) warnings.Add(Consequence(table, failure));
        }

        warnings.AddRange(_forward.Repair());
        warnings.AddRange(_wide);
        warnings.AddRange(BridgeFilter.Find(_options));
        if (ConnectionTable.Read() is { IsNearlyFull: true } full) warnings.Add($"{full}");
        _hasWarning = warnings.Count > 0;
        _problems.Report(Key, ProblemSeverity.Warning, warnings);
        _pace.Add(Stopwatch.GetElapsedTime(began));
    }

    // The looks that cost most where there is much to look at, less often than the others.
    private void LookWide()
    {
        long began = Stopwatch.GetTimestamp();
        List<string> warnings = [];
        if (Try(FollowStateRules) is { } failure)
            warnings.Add($"rules that accept tunnels by the state of a connection cannot be looked for: {failure}");
        if (Try(() => warnings.AddRange(Meetings())) is { } unread)
            warnings.Add($"addresses and routes of this host cannot be read: {unread}");
        _wide = warnings;
        _lookedWide = Stopwatch.GetTimestamp();
        _widePace.Add(Stopwatch.GetElapsedTime(began));
    }

    // A host may have a million routes: they are listed where one has changed, or the last list failed.
    private IReadOnlyList<string> Meetings()
    {
        if (!_addressesAndRoutes.HasChanged() && _meetings is { } known) return known;
        _meetings = null;
        return _meetings = _plan.Find();
    }

    // Rules come and go; the tables follow in one transaction each.
    private void FollowStateRules()
    {
        string? rule;
        try
        {
            rule = StateRules.Find(_options.Network.Port);
        }
        catch (FileNotFoundException)
        {
            // Without nft there is no table that keeps tunnels from being tracked.
            return;
        }

        if (rule is not null == _tracksTunnels) return;
        _tracksTunnels = rule is not null;
        if (rule is not null) _logger.TunnelsAreTracked(_options.Network.Port, rule);
        else _logger.TunnelsAreUntracked();
        _tables = Tables();
        foreach ((string, string) made in _applied.Keys.ToArray()) _applied[made] = null;
    }

    private void Repair(NftTable table)
    {
        (string, string) key = (table.Family, table.Name);
        string? applied = _applied.GetValueOrDefault(key);
        if (applied is not null && Read(table) == applied) return;
        _ = HostTool.Run("nft", table.Rules, "-f", "-");
        _applied[key] = applied;
        string listed = Read(table)
            ?? throw new IOException($"nft lists no table {table.Family} {table.Name}, which it has just made");

        // Another program may have changed it since: a listing unlike the one before is believed when it comes twice.
        bool isBelieved = applied is null || listed == applied || listed == _doubted.GetValueOrDefault(key);
        if (isBelieved) _applied[key] = listed;
        _doubted[key] = listed;
        _gapFlows.Forget(table.IpFamily);
        if (applied is null) return;
        _logger.TableRestored(table.Family, table.Name);
        _repaired?.Invoke();
    }

    // A table that this run has not made is of a run before it, where the start ended before the packet filter's.
    private void Remove(NftTable table)
    {
        bool isOurs = _applied.ContainsKey((table.Family, table.Name))
            || (List(table) is { } rules && NftTable.IsOurs(rules));
        if (isOurs) _ = HostTool.Run("nft", table.Removal, "-f", "-");
    }

    // Numbers instead of names, for some versions of nft do not take their own names back.
    private static string? Read(NftTable table) => List(table, "-n");

    // Null when the table is gone.
    private static string? List(NftTable table, params string[] flags)
    {
        try
        {
            return HostTool.Run("nft", "", ["-s", .. flags, "list", "table", table.Family, table.Name]);
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

    private static IEnumerable<string> Untaken(string part, Action step) =>
        Try(step) is { } failure ? [$"{part}: {failure}"] : [];

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
