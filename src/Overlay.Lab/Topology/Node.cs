using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Topology;

/// <summary>A node: eth0 on the underlay, cni0 with the pods behind it, and one daemon's files.</summary>
public sealed class Node : NetworkNamespace
{
    private const int MostPods = 250;

    private readonly List<Pod> _pods = [];
    private int _lastPod;
    private int _sandboxesMade;

    internal Node(LabNetwork lab, int index)
        : base(lab.Scope, NameOf(index))
    {
        Lab = lab;
        Index = index;
        Name = NameOf(index);
        Directory = System.IO.Directory.CreateDirectory(Path.Combine(lab.Directory, Name)).FullName;
        (UnderlayV4, UnderlayV6) = (
            lab.Options.Underlay.HasFlag(AddressFamilies.V4) ? LabAddresses.UnderlayV4(index) : null,
            lab.Options.Underlay.HasFlag(AddressFamilies.V6) ? LabAddresses.UnderlayV6(index) : null);
        (PodCidrV4, PodCidrV6) = (
            lab.Options.Inner.HasFlag(AddressFamilies.V4) ? LabAddresses.PodCidrV4(index) : null,
            lab.Options.Inner.HasFlag(AddressFamilies.V6) ? LabAddresses.PodCidrV6(index) : null);
        Link = lab.Options.DirectCable && index == 2
            ? lab.Switch.Bypass(this, lab.Nodes[0])
            : lab.Switch.Connect(this, PortOf(Name));
        AddUnderlayAddresses();
        BuildBridge();
        for (int pod = 0; pod < lab.Options.PodsPerNode; pod++)
        {
            AddPod();
        }
    }

    /// <summary>1 for node a, and so on; part of every address.</summary>
    public int Index { get; }

    /// <summary>"a", "b", …: also the node's name in the control plane.</summary>
    public string Name { get; }

    public string Directory { get; }

    public string ConfigPath => Path.Combine(Directory, "overlay.json");

    public string StateDirectory => Path.Combine(Directory, "state");

    /// <summary>Where its daemon pins what the kernel forwards by.</summary>
    public string PinDirectory => Path.Combine(Lab.Scope.BpfDirectory, Name);

    /// <summary>Where the CNI plugin keeps its records of this node's pods.</summary>
    public string CniRecords => Path.Combine(Directory, "attachments");

    public string Socket => Path.Combine(Directory, "overlayd.sock");

    public string SubnetFile => Path.Combine(Directory, "subnet.env");

    /// <summary>Where this node's lease lies, or will.</summary>
    public string LeaseFile => Path.Combine(Lab.LeaseDirectory, $"{Name}.json");

    public IPAddress? UnderlayV4 { get; private set; }

    public IPAddress? UnderlayV6 { get; private set; }

    public IPNetwork? PodCidrV4 { get; }

    public IPNetwork? PodCidrV6 { get; }

    public Link Link { get; private set; }

    /// <summary>The switch's port that the node's eth0 is cabled to, unless that is cabled to another node.</summary>
    public string SwitchPort => PortOf(Name);

    public IReadOnlyList<Pod> Pods => _pods;

    public LabOptions Options => Lab.Options;

    private LabNetwork Lab { get; }

    internal string LeaseDirectory => Lab.LeaseDirectory;

    /// <summary>Adds a pod with an address no pod of this node had before.</summary>
    public Pod AddPod()
    {
        // No number comes again soon, and there are so many addresses.
        do _lastPod = (_lastPod % MostPods) + 1;
        while (_pods.Any(known => known.Number == _lastPod));
        Pod pod = new(Scope, this, _lastPod);
        _pods.Add(pod);
        WaitForPorts();
        return pod;
    }

    /// <summary>Adds an empty namespace, for a CNI plugin to make a pod of.</summary>
    public NetworkNamespace AddSandbox() => new(Scope, $"{Name}-s{++_sandboxesMade}");

    public void RemoveSandbox(NetworkNamespace sandbox) => Scope.RemoveNamespace(sandbox);

    public void RemovePod(Pod pod)
    {
        Ip($"link delete {pod.HostDevice}");
        Scope.RemoveNamespace(pod);
        _pods.Remove(pod);
    }

    /// <summary>Writes overlay.json; the edit gets the "Overlay" section with every key in place.</summary>
    public void WriteConfig(Action<JsonObject>? edit = null) => NodeConfiguration.Write(this, edit);

    /// <summary>Starts overlayd with this node's configuration, which is written first if there is none.</summary>
    public DaemonProcess StartDaemon(params IEnumerable<string> extraArguments)
    {
        if (!File.Exists(ConfigPath))
        {
            WriteConfig();
        }

        string[] arguments = ["--config", ConfigPath, .. extraArguments];
        return Scope.Start(this, "overlayd", log => new DaemonProcess(Namespace, log, Socket, arguments));
    }

    /// <summary>Runs overlayctl against this node's daemon.</summary>
    public CommandResult Overlayctl(params IEnumerable<string> arguments) => Command.Run(
        Command.DefaultLimit,
        ProductBinary.Find("overlayctl"),
        ["--socket", Socket, .. arguments],
        environment: ProductBinary.Environment);

    /// <summary>Routes the peers' pod CIDRs over the underlay as they are: no tunnel at all.</summary>
    public PlainRoutes UsePlainRoutes(params IEnumerable<Node> peers) => new(this, peers.Where(peer => peer != this));

    /// <summary>Gives eth0 another address in place of the one of that family, as a new DHCP lease would.</summary>
    public void ChangeUnderlayAddress(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            Ip($"address delete {UnderlayV4}/{LabAddresses.UnderlayLengthV4} dev eth0");
            UnderlayV4 = address;
        }
        else
        {
            Ip($"address delete {UnderlayV6}/{LabAddresses.UnderlayLengthV6} dev eth0");
            UnderlayV6 = address;
        }

        AddUnderlayAddresses();
    }

    /// <summary>Deletes eth0 and makes it anew with its addresses, as a driver that is loaded again does.</summary>
    public void ReplaceUnderlayInterface()
    {
        Ip("link delete eth0");
        Link = Lab.Switch.Connect(this, PortOf(Name));
        AddUnderlayAddresses();
        Lab.Switch.WaitForPorts();
    }

    /// <summary>Gives eth0 back its addresses and default routes, as the host's network program does once it is up.</summary>
    public void RestoreUnderlayAddresses() => AddUnderlayAddresses();

    /// <summary>The switch's port for a node's cable.</summary>
    internal static string PortOf(string node) => $"port-{node}";

    private static string NameOf(int index) => ((char)('a' + index - 1)).ToString();

    private void AddUnderlayAddresses()
    {
        if (UnderlayV4 is not null)
        {
            Ip($"address replace {UnderlayV4}/{LabAddresses.UnderlayLengthV4} dev eth0",
                $"route replace default via {LabAddresses.OutsideV4}");
        }

        if (UnderlayV6 is not null)
        {
            Ip($"address replace {UnderlayV6}/{LabAddresses.UnderlayLengthV6} dev eth0 nodad",
                $"route replace default via {LabAddresses.OutsideV6} dev eth0");
        }
    }

    private void BuildBridge()
    {
        Ip($"link add cni0 address {LabAddresses.GatewayMac(Index)} mtu {Lab.Options.EffectivePodMtu} type bridge",
            "link set cni0 up");
        if (PodCidrV4 is IPNetwork v4)
        {
            Ip($"address add {LabAddresses.GatewayV4(Index)}/{v4.PrefixLength} dev cni0");
        }

        if (PodCidrV6 is IPNetwork v6)
        {
            Ip($"address add {LabAddresses.GatewayV6(Index)}/{v6.PrefixLength} dev cni0 nodad");
        }

        // The bridge plugin turns forwarding on for the node. Devices made later must ask for it themselves here: a
        // daemon that counts on someone else's sysctl for its own device is found out.
        Set("net/ipv4/ip_forward", "1");
        Set("net/ipv4/conf/default/forwarding", "0");
        Set("net/ipv6/conf/all/forwarding", "1");
        Set("net/ipv6/conf/default/forwarding", "0");
    }
}
