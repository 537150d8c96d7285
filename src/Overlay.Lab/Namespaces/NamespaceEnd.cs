using System.Diagnostics;
using System.Globalization;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Namespaces;

/// <summary>Removes namespaces, and ends by pid whatever still runs inside them.</summary>
internal static class NamespaceEnd
{
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(5);

    public static void Remove(IReadOnlyCollection<string> namespaces)
    {
        if (!EndProcesses(namespaces, LibC.SigTerm, _grace) && !EndProcesses(namespaces, LibC.SigKill, _grace))
        {
            throw new LabException($"processes survive SIGKILL in {string.Join(", ", namespaces)}");
        }

        foreach (string name in namespaces)
        {
            CommandResult result = Command.Run(Command.DefaultLimit, "ip", ["netns", "delete", name]);
            if (!result.Succeeded && Exists(name))
            {
                throw new LabException(result.ToString());
            }
        }
    }

    private static bool EndProcesses(IReadOnlyCollection<string> namespaces, int signal, TimeSpan patience)
    {
        Stopwatch watch = Stopwatch.StartNew();
        HashSet<int> signalled = [];
        while (true)
        {
            // Asked anew each time: a pid that is no longer inside, even if the number lives on, is never touched.
            int[] inside = [.. namespaces.SelectMany(Pids)];
            if (inside.Length == 0)
            {
                return true;
            }

            foreach (int pid in inside.Where(signalled.Add))
            {
                LibC.Signal(pid, signal);
            }

            if (watch.Elapsed > patience)
            {
                return false;
            }

            Thread.Sleep(20);
        }
    }

    private static IEnumerable<int> Pids(string name)
    {
        CommandResult result = Command.Run(Command.DefaultLimit, "ip", ["netns", "pids", name]);
        if (!result.Succeeded)
        {
            // Another lab that starts now clears the same leftovers.
            return Exists(name) ? throw new LabException(result.ToString()) : [];
        }

        return result.Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))
            .Where(pid => pid != Environment.ProcessId);
    }

    private static bool Exists(string name) => File.Exists(Path.Combine(NamespaceThread.Directory, name));
}
