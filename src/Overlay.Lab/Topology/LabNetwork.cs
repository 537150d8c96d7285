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

    private readonly Lock _gate = new();
    private readonly List<string> _namespaces = [];
    private readonly List<BackgroundProcess> _processes = [];
    private readonly List<Node> _nodes = [];
    private readonly string _name;
    private readonly CancellationTokenRegistration _tearDown;
    private bool _over;

    private LabNetwork(LabOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("network namespaces are Linux's");
        }

        Options = options;

        // A second lab of the same name in one process, as parallel tests make, gets a number.
        int number = Interlocked.Increment(ref _created);
        _name = number == 1 ? options.Name : string.Create(CultureInfo.InvariantCulture, $"{options.Name}.{number}");
        Directory = Leftovers.DirectoryOf(_name, Environment.ProcessId);
        System.IO.Directory.CreateDirectory(
            Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        LeaseDirectory = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "leases")).FullName;
        _tearDown = Interruption.TearDown(Dispose);
    }

    public LabOptions Options { get; }

    /// <summary>Everything of this lab on disk: configurations, sockets, state, logs.</summary>
    public string Directory { get; }

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

    /// <summary>Joins all nodes as flannel would with kernel VXLAN.</summary>
    public void UseKernelVxlan() => _nodes.ForEach(node => node.UseKernelVxlan(_nodes));

    /// <summary>Leaves everything up when this process ends; `Overlay.Lab clean` removes it.</summary>
    public void Keep()
    {
        lock (_gate)
        {
            ThrowIfOver();
            File.WriteAllText(Path.Combine(Directory, Leftovers.KeptMark), "");
            _tearDown.Unregister();
            _over = true;
        }
    }

    public void Dispose()
    {
        // The lock is held to the end: who disposes second, after a signal, returns when nothing is left.
        lock (_gate)
        {
            if (_over)
            {
                return;
            }

            _over = true;
            EndProcesses();
            NamespaceEnd.Remove(_namespaces);
            Leftovers.DeleteDirectory(Directory);

            // Not before: a signal that comes meanwhile has to wait here, or the process ends with half of it done.
            _tearDown.Unregister();
        }
    }

    internal string AddNamespace(string suffix)
    {
        lock (_gate)
        {
            ThrowIfOver();
            string name = Leftovers.NamespaceOf(_name, Environment.ProcessId, suffix);
            Command.Require("ip", "netns", "add", name);
            _namespaces.Add(name);
            return name;
        }
    }

    internal void RemoveNamespace(NetworkNamespace removed)
    {
        lock (_gate)
        {
            ThrowIfOver();
            NamespaceEnd.Remove([removed.Namespace]);
            _namespaces.Remove(removed.Namespace);
        }
    }

    internal T Start<T>(NetworkNamespace inside, string program, Func<string, T> start)
        where T : BackgroundProcess
    {
        lock (_gate)
        {
            ThrowIfOver();
            string file = $"{inside.Namespace}.{_processes.Count + 1}.{Path.GetFileName(program)}.log";
            T process = start(Path.Combine(Directory, file));
            _processes.Add(process);
            return process;
        }
    }

    private void Build()
    {
        Switch = new UnderlaySwitch(this);
        for (int index = 1; index <= Options.Nodes; index++)
        {
            _nodes.Add(new Node(this, index));
        }

        foreach (NetworkNamespace bridged in _nodes.Append<NetworkNamespace>(Switch))
        {
            bridged.WaitForPorts();
        }
    }

    private void EndProcesses()
    {
        // All are asked first, so that the daemons' draining overlaps.
        _processes.ForEach(process => process.RequestStop());
        foreach (BackgroundProcess process in _processes)
        {
            process.Stop();
            process.Forget();
        }
    }

    private void ThrowIfOver() => ObjectDisposedException.ThrowIf(_over, this);
}
