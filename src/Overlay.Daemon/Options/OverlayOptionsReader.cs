using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>Makes <see cref="OverlayOptions"/> of the configuration, or reports every fault in it.</summary>
/// <remarks>
/// A new key is one line here or in the reader of its section, a property of the options, and a line of
/// docs/configuration.md.
/// </remarks>
internal static class OverlayOptionsReader
{
    private const string Root = "Overlay";

    private static readonly string[] _sections = [Root, "Serilog"];

    /// <exception cref="ConfigurationException">Anything is wrong; all faults are in it.</exception>
    public static OverlayOptions Read(IConfiguration configuration)
    {
        ReadingState state = new();
        OverlayOptions options = Read(configuration, state);
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            if (!_sections.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            {
                state.Faults.Add(
                    $"'{section.Key}' is not a section of the configuration; known are "
                    + $"{string.Join(" and ", _sections)}; "
                    + $"example: {{ \"Overlay\": {{ \"{section.Key}\": … }} }}");
            }
        }

        // Values that are bad by themselves would show up here a second time.
        if (state.Faults.Count == 0)
            OptionsCheck.Run(options, new SectionReader(configuration.GetSection(Root), Root, state));
        return state.Faults.Count == 0 ? options : throw new ConfigurationException(state.Faults);
    }

    /// <summary>
    /// Reads every key of section Overlay by itself; those that do not fit together are not looked for.
    /// </summary>
    /// <param name="configuration">All sections.</param>
    /// <param name="state">Gets keys and faults.</param>
    public static OverlayOptions Read(IConfiguration configuration, ReadingState state)
    {
        SectionReader root = new(configuration.GetSection(Root), Root, state);
        SectionReader admin = root.Section("Admin");
        string nodeName = ReadNodeName(root, state.HostName);
        CniInstallOptions cniInstall = ReadCniInstall(root, admin);
        OverlayOptions options = new()
        {
            NodeName = nodeName,
            Interface = ReadInterface(root),
            PublicIp = root.Address(
                "PublicIp", IpFamily.IPv4, "192.0.2.1",
                "The IPv4 address that peers send to; the interface's where it is missing. Behind NAT, the outside "
                + "address."),
            PublicIpV6 = root.Address("PublicIpV6", IpFamily.IPv6, "2001:db8::1", "The same for IPv6."),
            Network = NetworkOptionsReader.Read(root.Section("Network")),
            Subnet = root.Prefix(
                "Subnet", IpFamily.IPv4, "10.244.1.0/24",
                "This node's IPv4 pod CIDR. Required with File and Network:Cidr; empty where the store gives it."),
            SubnetV6 = root.Prefix("SubnetV6", IpFamily.IPv6, "fd00:10:244:1::/64", "The same for IPv6."),
            ServiceCidrs = root.Prefixes(
                "ServiceCidrs", "10.96.0.0/12", "The ranges of ClusterIPs, which must overlap nothing else."),
            ControlPlane = ControlPlaneReader.Read(root.Section("ControlPlane"), nodeName),
            IpMasq = root.Boolean(
                "IpMasq", true,
                "Packets of pods to destinations outside the cluster leave with this host's address; subnet.env tells "
                + "CNI plugins not to do it too."),
            NonMasqueradeCidrs = root.Prefixes(
                "NonMasqueradeCidrs", "192.0.2.0/24", "Further destinations that see pods' own addresses."),
            Dataplane = DataplaneOptionsReader.Read(root.Section("Dataplane")),
            StateDirectory = root.DirectoryPath(
                "StateDirectory", "/var/lib/overlay",
                "State that survives restarts: VTEP MACs, peers, what the store gave this node."),
            KeepAtStop = root.Boolean(
                "KeepAtStop", false,
                "A stop leaves the subnet file, the device, its routes and the rules of the packet filter to the next "
                + "start, which takes them over: pods are made meanwhile, and a restart of the daemon's pod does not "
                + "make the node NotReady. Without it a stop leaves nothing behind."),
            HandOver = root.Choice(
                "HandOver", HandOver.Exit,
                "An overlayd that is started while one runs this node takes it over without losing a packet, and the one "
                + "before ends (Exit), or waits for the signal to stop (Wait), as in a container that would be started "
                + "again; or it is refused (Off)."),
            SubnetFile = cniInstall.SubnetFile,
            CniInstall = cniInstall,
            AdminSocket = cniInstall.AdminSocket,
            AdminHttp = AdminOptionsReader.ReadHttp(admin),
            Metrics = MetricsOptionsReader.Read(root.Section("Metrics")),
        };
        admin.RefuseUnknown();
        root.RefuseUnknown();
        return options.ControlPlane.Kind == ControlPlaneKind.Kubernetes
            ? options with { NodeName = InLowerCase(nodeName, root) }
            : options;
    }

    /// <summary>
    /// Section CniInstall and what the plugin shares with the daemon, for a caller that needs no more of the
    /// configuration.
    /// </summary>
    /// <exception cref="ConfigurationException">Anything in it is wrong; all faults are in it.</exception>
    public static CniInstallOptions ReadCniInstall(IConfiguration configuration)
    {
        ReadingState state = new();
        SectionReader root = new(configuration.GetSection(Root), Root, state);
        CniInstallOptions options = ReadCniInstall(root, root.Section("Admin"));
        return state.Faults.Count == 0 ? options : throw new ConfigurationException(state.Faults);
    }

    private static CniInstallOptions ReadCniInstall(SectionReader root, SectionReader admin) => CniInstallReader.Read(
        root.Section("CniInstall"),
        root.FilePath("SubnetFile", NodePaths.SubnetFile, "Pod CIDRs and MTU for CNI plugins, in flannel's format."),
        AdminOptionsReader.ReadSocket(admin));

    private static string ReadInterface(SectionReader root)
    {
        string name = root.Text(
            "Interface", "", "eth0",
            "The underlay interface, by its name or one of its addresses; the default route's where it is missing. One "
            + "that is not there yet is waited for.");
        if (!InterfaceName.IsValid(name) && name.Length > 0 && !IpAddress.TryParse(name, out _))
            root.Fault("Interface", name, "is neither an address nor a name that an interface can have", "eth0");
        return name;
    }

    private static string ReadNodeName(SectionReader root, string hostName)
    {
        string name = root.Text(
            "NodeName", hostName, "node-a",
            "This node's name in the control plane; with Kubernetes, the name of its Node object, in lower case.",
            shownDefault: "the host's name");
        if (!NodeName.IsValid(name))
        {
            root.Fault(
                "NodeName", name,
                $"is not made of at most {NodeName.MaxLength} letters, digits, '_', '-' and '.', the last two not at "
                + "an end",
                "node-a");
        }

        return name;
    }

    /// <summary>
    /// Node names of Kubernetes are in lower case: the host's name is taken so, as kubelet takes it; a name that is
    /// configured otherwise is one that no Node has.
    /// </summary>
    private static string InLowerCase(string name, SectionReader root)
    {
        string lower = name.ToLowerInvariant();
        if (lower != name && root.IsGiven("NodeName"))
            root.Fault("NodeName", name, "has capitals, and no Node of Kubernetes has any in its name", lower);
        return lower;
    }
}
