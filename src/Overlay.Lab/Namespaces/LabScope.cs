using Overlay.Lab.Processes;

namespace Overlay.Lab.Namespaces;

/// <summary>
/// The namespaces, processes and files of one lab. Disposing it, or ending the process in any way but SIGKILL, removes
/// all of it.
/// </summary>
public sealed class LabScope : IDisposable
{
    /// <summary>The directory of <see cref="BpfDirectory"/>.</summary>
    internal const string Bpf = "bpf";

    private readonly Lock _gate = new();
    private readonly List<string> _namespaces = [];
    private readonly List<BackgroundProcess> _processes = [];
    private readonly string _name;
    private readonly CancellationTokenRegistration _tearDown;
    private bool _over;

    internal LabScope(string name)
    {
        _name = name;
        Directory = Leftovers.DirectoryOf(name, Environment.ProcessId);
        System.IO.Directory.CreateDirectory(
            Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _tearDown = Interruption.TearDown(Dispose);
    }

    /// <summary>Everything of this lab on disk: configurations, sockets, state, logs.</summary>
    public string Directory { get; }

    /// <summary>A bpffs, while <see cref="MountBpf"/> has made one: each node's programs are pinned below it.</summary>
    public string BpfDirectory => Path.Combine(Directory, Bpf);

    /// <summary>Mounts a bpffs of this lab's own; processes that start from then on see it.</summary>
    internal void MountBpf()
    {
        lock (_gate)
        {
            ThrowIfOver();
            System.IO.Directory.CreateDirectory(BpfDirectory);
            Command.Require("mount", "-t", "bpf", "bpf", BpfDirectory);
        }
    }

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
