using System.Globalization;
using Overlay.Lab.Processes;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>
/// A control group with a limit, in version 2's hierarchy where that has the controller, else in version 1's.
/// </summary>
internal sealed class ControlGroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private static int _made;

    private readonly bool _isVersion2;

    /// <param name="controller">cpu or memory.</param>
    /// <exception cref="DirectoryNotFoundException">This machine lets nobody have that controller.</exception>
    public ControlGroup(string controller)
    {
        _isVersion2 = !Directory.Exists($"{Root}/{controller}");
        string parent = _isVersion2 ? Root : $"{Root}/{controller}";
        if (_isVersion2) File.WriteAllText($"{Root}/cgroup.subtree_control", $"+{controller}");
        Path = System.IO.Path.Combine(parent, string.Create(
            CultureInfo.InvariantCulture, $"ovl-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}"));
        _ = Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    /// <summary>Puts a process that runs into the group.</summary>
    public void Add(BackgroundProcess process) => Write("cgroup.procs", process.Pid);

    /// <summary>Lets the group have that share of one processor.</summary>
    public void LimitProcessor(double share)
    {
        const int Period = 100_000;
        int quota = (int)(share * Period);
        if (_isVersion2) File.WriteAllText($"{Path}/cpu.max", $"{quota} {Period}");
        else Write("cpu.cfs_quota_us", quota);
    }

    /// <summary>Lets the group have that much memory; more ends a process of it.</summary>
    public void LimitMemory(long bytes) => Write(_isVersion2 ? "memory.max" : "memory.limit_in_bytes", bytes);

    /// <summary>Removes the group; processes that are left in it go on in the group above, without a limit.</summary>
    public void Dispose()
    {
        string above = System.IO.Path.GetDirectoryName(Path)!;
        Waiting.For(() =>
        {
            try
            {
                foreach (string process in File.ReadAllLines($"{Path}/cgroup.procs"))
                    File.WriteAllText($"{above}/cgroup.procs", process);
                Directory.Delete(Path);
                return true;
            }
            catch (IOException)
            {
                // A process that has just ended leaves its group a moment later.
                return false;
            }
        });
    }

    private void Write(string file, long value) =>
        File.WriteAllText($"{Path}/{file}", value.ToString(CultureInfo.InvariantCulture));
}
