using System.Globalization;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Topology;

/// <summary>
/// Nodes and pods on one machine: a namespace that switches Ethernet, a namespace a node on it, a namespace a pod
/// behind each node's bridge. Disposing it, or ending the process in any way but SIGKILL, removes all of it.
/// </summary>
public sealed class LabNetwork : IDisposable
{
    private static int _created;

    private readonly List<Node> _nodes = [];

    private LabNetwork(LabOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("network namespaces are Linux's");
        }

        Options = options;

        // A second lab of the same name in one process, as parallel tests make, gets a number.
        int number = Interlocked.Increment(ref _created);
        Scope = new LabScope(
            number == 1 ? options.Name : string.Create(CultureInfo.InvariantCulture, $"{options.Name}.{number}"));
        LeaseDirectory = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "leases")).FullName;
    }

    public LabOptions Options { get; }

    /// <summary>Everything of this lab on disk: configurations, sockets, state, logs.</summary>
    public string Directory => Scope.Directory;

    /// <summary>The file control plane, shared by all nodes.</summary>
    public string LeaseDirectory { get; }

    public IReadOnlyList<Node> Nodes => _nodes;

    public Node this[string name] => _nodes.Single(node => node.Name == name);

    /// <summary>The underlay's switch, with an address on it: also the host outside the cluster.</summary>
    public UnderlaySwitch Switch { get; private set; } = null!;

    public IEnumerable<Pod> Pods => _nodes.SelectMany(node => node.Pods);

    public static LabNetwork Create(LabOptions? options = null)
    {
        options ??= new LabOptions();
        options.Validate();
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LabException("network namespaces need root");
        }

        Interruption.Token.ThrowIfCancellationRequested();
        Leftovers.Remove(includingKept: false);
        LabNetwork lab = new(options);
        try
        {
            lab.Build();
            return lab;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }

    /// <summary>Writes each node's configuration, starts its daemon, and waits until all are ready.</summary>
    public IReadOnlyList<DaemonProcess> StartDaemons(TimeSpan? limit = null)
    {
        List<DaemonProcess> daemons = [.. _nodes.Select(node => node.StartDaemon())];
        daemons.ForEach(daemon => daemon.WaitReady(limit));
        return daemons;
    }

    /// <summary>Leaves everything up when this process ends; `Overlay.Lab clean` removes it.</summary>
    public void Keep() => Scope.Keep();

    public void Dispose() => Scope.Dispose();

    internal LabScope Scope { get; }

    private void Build()
    {
        if (Options.Tier != LabOptions.UserSpace) Scope.MountBpf();
        Switch = new UnderlaySwitch(Scope, Options);
        for (int index = 1; index <= Options.Nodes; index++)
        {
            _nodes.Add(new Node(this, index));
        }

        foreach (NetworkNamespace bridged in _nodes.Append<NetworkNamespace>(Switch))
        {
            bridged.WaitForPorts();
        }
    }
}
