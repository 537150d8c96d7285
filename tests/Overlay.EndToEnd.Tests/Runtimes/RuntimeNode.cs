using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>
/// A lab's node with a container runtime: its processes, its plugins and their configuration, and one image's files.
/// </summary>
internal abstract class RuntimeNode : IDisposable
{
    /// <summary>The program of every container, and what its web server shows.</summary>
    public const string Busybox = "/bin/busybox";

    /// <summary>Where it shows it.</summary>
    public const int Port = 8080;

    private const string ReferencePlugins = "/usr/lib/cni";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);
    private static readonly string _script = Path.Combine(AppContext.BaseDirectory, "Runtimes", "runtime.sh");
    private static readonly string[] _applets = ["sh", "httpd", "ping", "ip"];

    private static readonly string[] _ownMounts = ["--target", $"{Environment.ProcessId}", "--mount"];

    private BackgroundProcess? _process;

    /// <param name="node">Whose network it is. Its pods are made by the runtime.</param>
    protected RuntimeNode(Node node)
    {
        Node = node;
        Directory = System.IO.Directory.CreateDirectory(Path.Combine(node.Directory, "runtime")).FullName;
        foreach (string directory in new[] { BinDirectory, ConfigDirectory })
            _ = System.IO.Directory.CreateDirectory(directory);
        foreach (string plugin in System.IO.Directory.GetFiles(ReferencePlugins))
            File.Copy(plugin, Path.Combine(BinDirectory, Path.GetFileName(plugin)));
        MakeImage();
    }

    public Node Node { get; }

    protected string Directory { get; }

    protected string Image => Path.Combine(Directory, "image");

    private string BinDirectory => Path.Combine(Directory, "bin");

    private string ConfigDirectory => Path.Combine(Directory, "net.d");

    /// <summary>Has the daemon install its own plugin here.</summary>
    public void UseOverlay(JsonObject overlay, string plugin) => overlay["CniInstall"] = new JsonObject
    {
        ["Enabled"] = true,
        [nameof(BinDirectory)] = BinDirectory,
        [nameof(ConfigDirectory)] = ConfigDirectory,
        ["Source"] = plugin,
        ["StateDirectory"] = Node.CniRecords,
    };

    /// <summary>
    /// Writes what flannel's plugin makes of its configuration: the reference plugins bridge and host-local.
    /// </summary>
    public void UseBridge()
    {
        JsonArray ranges = [.. new[] { Node.PodCidrV4, Node.PodCidrV6 }.OfType<System.Net.IPNetwork>()
            .Select(static prefix => new JsonArray(new JsonObject { ["subnet"] = $"{prefix}" }))];
        JsonObject bridge = new()
        {
            ["type"] = "bridge",
            ["bridge"] = "cni0",
            ["mtu"] = Node.Options.EffectivePodMtu,
            ["isDefaultGateway"] = true,
            ["hairpinMode"] = true,
            ["ipam"] = new JsonObject { ["type"] = "host-local", ["ranges"] = ranges },
        };
        JsonObject portmap = new()
        {
            ["type"] = "portmap",
            ["capabilities"] = new JsonObject { ["portMappings"] = true },
        };
        JsonObject conflist = new()
        {
            ["cniVersion"] = "0.4.0",
            ["name"] = "cbr0",
            ["plugins"] = new JsonArray(bridge, portmap),
        };
        File.WriteAllText(Path.Combine(ConfigDirectory, "10-reference.conflist"), conflist.ToJsonString());
    }

    /// <summary>Starts what runs containers, once there is a configuration for their network.</summary>
    public void Start()
    {
        Waiting.For(() => System.IO.Directory.GetFiles(ConfigDirectory, "*.conflist").Length > 0, 30);

        // From this process's mounts: those that `ip netns exec` makes hide the control groups.
        _process = Node.Start(
            "nsenter", [.. _ownMounts, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", _script,
                "start", Directory, .. Command]);
        Waiting.For(() => !_process.HasExited && IsUp(), 30);
    }

    /// <summary>
    /// Runs a container with a web server that shows its own busybox; more arguments are the runtime's.
    /// </summary>
    public abstract void RunServer(string name, params string[] arguments);

    /// <summary>Ends a container and removes it.</summary>
    public abstract void Remove(string name);

    /// <summary>Runs busybox in a container.</summary>
    public abstract CommandResult Exec(string name, params string[] arguments);

    /// <summary>The addresses of the container's eth0, IPv4 first.</summary>
    public IReadOnlyList<System.Net.IPAddress> AddressesOf(string name) =>
    [
        .. Exec(name, "ip", "-o", "address", "show", "dev", "eth0", "scope", "global").EnsureSuccess().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3].Split('/')[0])
            .Select(System.Net.IPAddress.Parse)
            .OrderBy(static address => address.AddressFamily),
    ];

    /// <summary>The network namespace of the container, for sockets of this process.</summary>
    public string NamespaceOf(string name)
    {
        string mark = MarkOf(name);
        string process = System.IO.Directory.GetDirectories("/proc").Single(path => char.IsAsciiDigit(
            Path.GetFileName(path)[0]) && Arguments(path) is [Busybox, "httpd", .., var last] && last == mark);
        return $"{process}/ns/net";
    }

    /// <summary>
    /// All that pods leave on a node where nobody cleans up: veths, addresses, records, bandwidth's devices, and rules
    /// that portmap made.
    /// </summary>
    public string[] Traces() =>
    [
        .. Inside(
            "sh", "-c",
            $"ip -brief link | grep -oE '^(ov[0-9a-f]{{12}}|veth[0-9a-z]+|bwp[0-9a-f]+)'; "
                + $"find /var/lib/cni/networks {Node.CniRecords} -type f -not -name 'last_reserved_ip.*' -not -name "
                + "lock -not -name operations; "
                + "for save in iptables-save ip6tables-save; do $save | grep -E '^(:CNI-(DN|SN)|-A "
                + "CNI-(HOSTPORT-DNAT|DN|SN))'; done; true")
            .EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
    ];

    public void Dispose()
    {
        _process?.Kill();
        Waiting.For(() => Node.Run("nsenter", [.. _ownMounts, _script, "clean", Group]).Succeeded, 20);
    }

    protected abstract string[] Command { get; }

    /// <summary>The control group that containers are in.</summary>
    protected string Group => $"overlay-{Node.Namespace}";

    protected abstract bool IsUp();

    protected string[] ServerOf(string name) =>
        [Busybox, "httpd", "-f", "-p", $"{Port}", "-h", "/bin", "-r", MarkOf(name)];

    /// <summary>Runs a command where the runtime is.</summary>
    public CommandResult Inside(params string[] command) =>
        Node.Run(_limit, _script, ["in", $"{_process!.Pid}", .. command]);

    private string MarkOf(string name) => $"{Node.Namespace}-{name}";

    private void MakeImage()
    {
        foreach (string directory in new[] { "bin", "dev", "etc", "proc", "sys", "tmp" })
            _ = System.IO.Directory.CreateDirectory(Path.Combine(Image, directory));
        File.Copy(Busybox, Path.Combine(Image, "bin", "busybox"));
        foreach (string applet in _applets) _ = File.CreateSymbolicLink(Path.Combine(Image, "bin", applet), "busybox");
    }

    private static string[] Arguments(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"))
                .Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process has ended meanwhile.
            return [];
        }
    }
}
