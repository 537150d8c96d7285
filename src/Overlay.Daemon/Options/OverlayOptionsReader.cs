using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>Makes <see cref="OverlayOptions"/> of the configuration, or says everything that is wrong with it.</summary>
public static class OverlayOptionsReader
{
    private const string Root = "Overlay";

    private static readonly string[] _sections = [Root, "Serilog"];

    /// <exception cref="ConfigurationException">Anything is wrong; all faults are in it.</exception>
    public static OverlayOptions Read(IConfiguration configuration)
    {
        List<string> faults = [];
        SectionReader root = new(configuration.GetSection(Root), Root, faults);
        string nodeName = ReadNodeName(root);
        SectionReader admin = root.Section("Admin");
        CniInstallOptions cniInstall = ReadCniInstall(root, admin);
        OverlayOptions options = new()
        {
            NodeName = nodeName,
            Interface = root.Text("Interface", ""),
            PublicIp = root.Address("PublicIp", IpFamily.IPv4, "192.0.2.1"),
            PublicIpV6 = root.Address("PublicIpV6", IpFamily.IPv6, "2001:db8::1"),
            Network = ReadNetwork(root.Section("Network")),
            Subnet = root.Prefix("Subnet", IpFamily.IPv4, "10.244.1.0/24"),
            SubnetV6 = root.Prefix("SubnetV6", IpFamily.IPv6, "fd00:10:244:1::/64"),
            ServiceCidrs = root.Prefixes("ServiceCidrs", "10.96.0.0/12"),
            ControlPlane = ControlPlaneReader.Read(root.Section("ControlPlane"), nodeName),
            IpMasq = root.Boolean("IpMasq", true),
            NonMasqueradeCidrs = root.Prefixes("NonMasqueradeCidrs", "192.0.2.0/24"),
            Dataplane = ReadDataplane(root.Section("Dataplane")),
            StateDirectory = root.DirectoryPath("StateDirectory", "/var/lib/overlay"),
            AdminSocket = cniInstall.AdminSocket,
            AdminHttp = ReadHttp(admin),
            SubnetFile = cniInstall.SubnetFile,
            CniInstall = cniInstall,
        };
        admin.RefuseUnknown();
        root.RefuseUnknown();
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            if (!_sections.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
                faults.Add($"'{section.Key}' is not a section of the configuration; known are {string.Join(" and ", _sections)}; example: {{ \"Overlay\": {{ \"{section.Key}\": … }} }}");
        }

        // Values that are bad by themselves would show up here a second time.
        if (faults.Count == 0) CheckTogether(options, root);
        return faults.Count == 0 ? options : throw new ConfigurationException(faults);
    }

    /// <summary>Section CniInstall and what the plugin shares with the daemon, for who needs no more of the configuration.</summary>
    internal static CniInstallOptions ReadCniInstall(IConfiguration configuration, List<string> faults)
    {
        SectionReader root = new(configuration.GetSection(Root), Root, faults);
        return ReadCniInstall(root, root.Section("Admin"));
    }

    private static CniInstallOptions ReadCniInstall(SectionReader root, SectionReader admin) => CniInstallReader.Read(
        root.Section("CniInstall"),
        root.FilePath("SubnetFile", NodePaths.SubnetFile),
        ReadSocket(admin));

    private static string ReadNodeName(SectionReader root)
    {
        string name = root.Text("NodeName", Dns.GetHostName());
        if (!NodeName.IsValid(name))
            root.Fault("NodeName", name, $"is not made of at most {NodeName.MaxLength} letters, digits, '_', '-' and '.', the last two not at an end", "node-a");
        return name;
    }

    private static NetworkOptions ReadNetwork(SectionReader network)
    {
        NetworkOptions options = new()
        {
            Cidr = network.Prefix("Cidr", IpFamily.IPv4, "10.244.0.0/16"),
            CidrV6 = network.Prefix("CidrV6", IpFamily.IPv6, "fd00:10:244::/56"),
            SubnetLength = network.Integer("SubnetLength", 24, 1, 30),
            SubnetLengthV6 = network.Integer("SubnetLengthV6", 64, 1, 126),
            Vni = new Vni((uint)network.Integer("Vni", 1, 0, (int)Vni.Max)),
            Port = (ushort)network.Integer("Port", 8472, 1, ushort.MaxValue),
            Mtu = network.Integer("Mtu", 0, 0, 65_535),
            DirectRouting = network.Boolean("DirectRouting", false),
            Given = Enum.GetValues<NetworkKeys>().Where(key => network.IsGiven(key.ToString())).Aggregate(NetworkKeys.None, static (keys, key) => keys | key),
        };
        network.RefuseUnknown();
        return options;
    }

    private static DataplaneOptions ReadDataplane(SectionReader dataplane)
    {
        const int MostQueues = 64;
        DataplaneOptions options = new()
        {
            Queues = dataplane.Integer("Queues", 0, 0, MostQueues),
            BusyPoll = TimeSpan.FromMicroseconds(dataplane.Integer("BusyPollMicroseconds", 50, 0, 1000)),
            PinWorkers = dataplane.Boolean("PinWorkers", false),
            Offloads = dataplane.Flags("Offloads", Offloads.All),
        };
        dataplane.RefuseUnknown();
        return options;
    }

    private static string ReadSocket(SectionReader admin)
    {
        const int LongestUnixSocketPath = 107;
        string socket = admin.FilePath("Socket", NodePaths.AdminSocket);
        if (Encoding.UTF8.GetByteCount(socket) > LongestUnixSocketPath)
            admin.Fault("Socket", socket, $"is longer than the {LongestUnixSocketPath} bytes a socket path may have", NodePaths.AdminSocket);
        return socket;
    }

    private static IPEndPoint? ReadHttp(SectionReader admin)
    {
        const string Default = "127.0.0.1:9472";
        string text = admin.Text("Http", Default);
        if (string.Equals(text, "off", StringComparison.OrdinalIgnoreCase)) return null;
        if (IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port != 0) return endPoint;
        admin.Fault("Http", text, "is not an address with a port, nor off", Default);
        return null;
    }

    private static void CheckTogether(OverlayOptions options, SectionReader root)
    {
        if (options.ControlPlane.Kind == ControlPlaneKind.File && !NodeName.IsValidForFile(options.NodeName))
            root.Fault("NodeName", options.NodeName, $"is longer than the {NodeName.MaxFileLength} characters a lease file can be named by", "node-a");
        NetworkOptions network = options.Network;
        if (network.Cidr is null && network.CidrV6 is null && !options.ControlPlane.GivesNetwork)
        {
            root.Fault("Network:Cidr", "", "and Overlay:Network:CidrV6 are both empty", "10.244.0.0/16");
            return;
        }

        CheckFamily(options, network.Cidr, "Cidr", network.SubnetLength, "SubnetLength", options.Subnet, "Subnet", "10.244.1.0/24", root);
        CheckFamily(options, network.CidrV6, "CidrV6", network.SubnetLengthV6, "SubnetLengthV6", options.SubnetV6, "SubnetV6", "fd00:10:244:1::/64", root);

        int smallest = network.CidrV6 is null ? 576 : 1280;
        if (network.Mtu != 0 && network.Mtu < smallest)
            root.Fault("Network:Mtu", $"{network.Mtu}", $"is less than {smallest}, which every link must carry", "1450");
    }

    private static void CheckFamily(
        OverlayOptions options, IpPrefix? cluster, string clusterKey, int length, string lengthKey, IpPrefix? subnet, string subnetKey, string example,
        SectionReader root)
    {
        if (cluster is null)
        {
            if (subnet is not null && !options.ControlPlane.GivesNetwork)
                root.Fault(subnetKey, $"{subnet}", $"is given, but Overlay:Network:{clusterKey} is empty", example);
            return;
        }

        // Kubernetes cuts the cluster CIDR up by a length of its own.
        if (options.ControlPlane.Kind == ControlPlaneKind.Kubernetes) return;
        if (length <= cluster.Value.Length)
        {
            root.Fault($"Network:{lengthKey}", $"{length}", $"leaves no room for nodes in Overlay:Network:{clusterKey} {cluster}", $"{Math.Min(cluster.Value.Length + 8, cluster.Value.Address.Bits)}");
            return;
        }

        if (subnet is null && !options.ControlPlane.GivesPodCidrs)
            root.Fault(subnetKey, "", "is empty, and the file control plane hands out none", example);
        else if (subnet is { } given && given.Length != length)
            root.Fault(subnetKey, $"{subnet}", $"has not the length of Overlay:Network:{lengthKey}, {length}", example);
    }
}
