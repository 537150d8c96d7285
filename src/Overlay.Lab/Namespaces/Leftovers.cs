using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Namespaces;

/// <summary>
/// What crashed labs left: recognised by their names, which carry the pid of the process that made them. A kept demo
/// has no living process either, but a mark in its directory, and stays until it is cleaned on request.
/// </summary>
public static partial class Leftovers
{
    internal const string KeptMark = "kept";

    // Not the TMPDIR of the day: the next run must look in the same place, and a socket's path is at most 107 bytes.
    private const string Temporary = "/tmp";

    internal static string DirectoryOf(string name, int pid) => $"{Temporary}/overlay-lab-{name}-{pid}";

    internal static string NamespaceOf(string name, int pid, string suffix) => $"ovl-{name}-{pid}-{suffix}";

    /// <summary>Removes the leftovers; returns the names of the labs that are gone, "name-pid".</summary>
    public static IReadOnlyList<string> Remove(bool includingKept)
    {
        List<(string Lab, string Namespace)> namespaces = [.. Labs(NamespaceThread.Directory, NamespacePattern())];
        List<(string Lab, string Path)> directories = [.. Labs(Temporary, DirectoryPattern())];
        List<string> removed = [];
        foreach (string lab in namespaces.Concat(directories).Select(entry => entry.Lab).Distinct())
        {
            string directory = $"{Temporary}/overlay-lab-{lab}";
            bool kept = File.Exists(Path.Combine(directory, KeptMark));
            if (kept ? !includingKept : OwnerLives(lab))
            {
                continue;
            }

            NamespaceEnd.Remove([.. namespaces.Where(entry => entry.Lab == lab).Select(entry => entry.Namespace)]);
            DeleteDirectory(directory);
            removed.Add(lab);
        }

        return removed;
    }

    internal static void DeleteDirectory(string directory)
    {
        string bpf = Path.Combine(directory, LabScope.Bpf);
        if (Directory.Exists(bpf)) _ = Command.Run(Command.DefaultLimit, "umount", ["-l", bpf]);
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone is what was wanted; another lab that starts now clears the same leftovers.
        }
    }

    private static IEnumerable<(string Lab, string Entry)> Labs(string directory, Regex pattern) =>
        Directory.Exists(directory)
            ? Directory.EnumerateFileSystemEntries(directory)
                .Select(path => pattern.Match(Path.GetFileName(path)))
                .Where(match => match.Success)
                .Select(match => (match.Groups["lab"].Value, match.Value))
            : [];

    private static bool OwnerLives(string lab)
    {
        int pid = int.Parse(lab[(lab.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
        return Directory.Exists($"/proc/{pid}");
    }

    [GeneratedRegex(@"^ovl-(?<lab>[a-z0-9.]+-\d{1,9})-[a-z0-9-]+$")]
    private static partial Regex NamespacePattern();

    [GeneratedRegex(@"^overlay-lab-(?<lab>[a-z0-9.]+-\d{1,9})$")]
    private static partial Regex DirectoryPattern();
}
